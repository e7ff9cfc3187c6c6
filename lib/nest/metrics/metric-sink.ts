import type { MetricDefinition } from './metric-definitions.js';

/** The values of a metric's labels, by their names. */
export type Labels = Readonly<Record<string, string>>;

/** What a metric says of one set of labels. */
export interface Reading {
  /** The labels that it is about. */
  readonly labels: Labels;
  /** What it says. */
  readonly value: number;
}

/** Where metrics go: what a door has to know of the library behind it. */
export interface MetricSink {
  /** A counter of things as they happen; what it answers for a set of labels adds one. */
  counter(metric: MetricDefinition): (labels: Labels) => () => void;
  /** A histogram; what it answers for a set of labels keeps a value. */
  histogram(metric: MetricDefinition, bounds: readonly number[]): (labels: Labels) => (value: number) => void;
  /** A gauge, or a counter that somebody else keeps: read whenever metrics are collected. */
  observed(metric: MetricDefinition, read: () => readonly Reading[]): void;
  /** Takes away all that was made. */
  close(): void;
}
