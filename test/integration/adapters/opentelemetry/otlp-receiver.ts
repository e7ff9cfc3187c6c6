import { createServer, type Server } from 'node:http';
import { json } from 'node:stream/consumers';
import type { AddressInfo } from 'node:net';
import type { Row, Rows } from '../../../support/metrics-world.js';

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue: string };
}

interface NumberPoint {
  readonly attributes: readonly Attribute[];
  readonly asDouble?: number;
  readonly asInt?: number | string;
}

/** A point of a histogram. */
export interface HistogramPoint {
  readonly attributes: readonly Attribute[];
  readonly count: number;
  readonly sum: number;
  readonly bucketCounts: readonly number[];
  readonly explicitBounds: readonly number[];
}

/** A metric as the protocol carries it in JSON. */
export interface Exported {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly sum?: { readonly isMonotonic: boolean; readonly dataPoints: readonly NumberPoint[] };
  readonly gauge?: { readonly dataPoints: readonly NumberPoint[] };
  readonly histogram?: { readonly dataPoints: readonly HistogramPoint[] };
}

interface Export {
  readonly resourceMetrics: readonly {
    readonly scopeMetrics: readonly {
      readonly scope: { readonly name: string };
      readonly metrics: readonly Exported[];
    }[];
  }[];
}

/** A collector on this machine: keeps the last export that was posted to it. */
export class OtlpReceiver {
  private last: Export | undefined;
  private readonly server: Server = createServer((request, response) => {
    void json(request).then((body) => {
      this.last = body as Export;
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });

  /** Listens; answers where to post to. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1/metrics`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  get scopes(): readonly string[] {
    return this.all.map(({ scope }) => scope.name);
  }

  /** Every metric of the last export, by its name. */
  get metrics(): Readonly<Record<string, Exported>> {
    return Object.fromEntries(this.all.flatMap(({ metrics }) => metrics.map((each) => [each.name, each])));
  }

  /** The numbers of the last export, histograms aside. */
  get rows(): Rows {
    const numbers = Object.values(this.metrics).filter((metric) => metric.histogram === undefined);
    return Object.fromEntries(
      numbers.map(({ name, sum, gauge }) => [name, (sum ?? gauge)?.dataPoints.map(rowOf) ?? []]),
    );
  }

  private get all() {
    return this.last?.resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics) ?? [];
  }
}

/** The labels of a point. */
export function labelsOf({ attributes }: { readonly attributes: readonly Attribute[] }): Row[0] {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));
}

function rowOf(point: NumberPoint): Row {
  return [labelsOf(point), Number(point.asDouble ?? point.asInt)];
}
