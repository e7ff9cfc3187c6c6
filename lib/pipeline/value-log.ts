import type { Call } from '../core/call.js';

/** What is told of the values of a method. */
export interface ValueMemory {
  /** Whether it wants to be told. */
  readonly remembers: boolean;
  remember(call: Call, value: unknown): void;
}

/** A stream longer than this is not remembered: memory stays bounded. */
const MOST_VALUES = 1_000;

/** The values of a stream, given to the fallback's memory when the stream has completed. */
export class ValueLog {
  private values: unknown[] | undefined = [];

  constructor(
    private readonly memory: ValueMemory,
    private readonly call: Call,
  ) {}

  add(value: unknown): void {
    this.values?.push(value);
    if ((this.values?.length ?? 0) > MOST_VALUES) this.values = undefined;
  }

  complete(): void {
    if (this.values !== undefined) this.memory.remember(this.call, new StreamMemory(this.values));
  }
}

/** The values of a whole stream that succeeded. */
export class StreamMemory {
  constructor(readonly values: readonly unknown[]) {}
}

/** The values that a fallback's answer stands for: those of a remembered stream, or itself alone. */
export function valuesOf(answer: unknown): readonly unknown[] {
  return answer instanceof StreamMemory ? answer.values : [answer];
}
