import { isResilienceError } from '../../lib/core/errors.js';
import type { ResilienceEvent } from '../../lib/core/events.js';
import type { Pipeline } from '../../lib/pipeline/index.js';
import { PipelineWorld } from '../support/pipeline-world.js';
import { httpError } from '../support/retry-world.js';
import { LibraryCall } from './library-call.js';
import { balanceOf, inMoments, lineOf, type Report, type Told } from './model/report.js';
import { policiesOf } from './policies.js';
import { type Act, executionOf, momentsOf, type Script, type ScriptedCall } from './script.js';

/** A script played by the library itself. */
export class LibraryRun {
  readonly world: PipelineWorld;
  private readonly pipeline: Pipeline;
  private readonly names = new Map<unknown, string>();
  private readonly calls: LibraryCall[] = [];
  private readonly gauges: string[] = [];
  private readonly told: Told[] = [];

  constructor(private readonly script: Script) {
    this.world = new PipelineWorld({ retryBudget: script.plan.budget });
    const { clock, policies } = this.world;
    policies.events.listen((event) => this.told.push({ atMs: clock.nowMs(), line: this.lineOf(event) }));
    this.world.engine.environment.calls.watch(({ outcome, durationMs }) => {
      this.told.push({ atMs: clock.nowMs(), line: lineOf({ kind: 'call', outcome, durationMs }) });
    });
    this.pipeline = this.world.pipeline(policiesOf(script.plan));
  }

  async run(): Promise<Report> {
    const { clock } = this.world;
    const moments = momentsOf(this.script);
    for (const [index, { act }] of this.script.steps.entries()) {
      await clock.advanceTo(moments[index] ?? 0);
      this.do(act, index);
      await clock.advanceTo(clock.nowMs());
      this.look();
    }
    await clock.runAll();
    this.look();
    const calls = this.calls.map(({ report }) => report);
    return { calls, events: inMoments(this.told), gauges: this.gauges };
  }

  private do(act: Act, index: number): void {
    if (act.what === 'clock steps') return this.world.clock.shiftWall(act.ms);
    if (act.what !== 'by hand') return this.call(act, index);
    if (this.script.plan.breaker === undefined) return undefined;
    const breaker = this.world.breaker();
    if (act.state === 'forced-open') return breaker.forceOpen();
    return act.state === 'disabled' ? breaker.disable() : breaker.reset();
  }

  private call(act: ScriptedCall, index: number): void {
    const { world, pipeline, script } = this;
    const reason = new DOMException('left', 'AbortError');
    this.names.set(reason, `left ${index}`);
    const call = new LibraryCall({
      pipeline,
      clock: world.clock,
      act,
      reason,
      execution: (number) => {
        const how = executionOf(script, act, { call: index, execution: number });
        const name = `${index}.${number}`;
        const error = httpError(how.kind === '404' ? 404 : 503);
        this.names.set(error, `${how.kind} ${name}`);
        return { how, name, error };
      },
      nameOf: (error) => this.nameOf(error),
    });
    this.calls.push(call);
    call.start();
  }

  private lineOf(event: ResilienceEvent): string {
    if (!('error' in event)) return lineOf(event);
    const { error } = event;
    return lineOf({ ...event, error: error === 'bad' ? error : this.nameOf(error) });
  }

  private nameOf(error: unknown): string {
    const known = this.names.get(error);
    if (known !== undefined) return known;
    if (!isResilienceError(error)) return nameOfAbort(error);
    const { code } = error;
    const facts = error as { readonly retryAfterMs?: number; readonly timeoutMs?: number };
    return code === 'RESILIENCE_BULKHEAD_FULL' ? code : `${code} ${facts.timeoutMs ?? facts.retryAfterMs}`;
  }

  private look(): void {
    const { plan } = this.script;
    const { world } = this;
    const gauges: unknown[] = [];
    if (plan.breaker !== undefined) {
      const { state, consecutiveOpens } = world.breaker().snapshot();
      gauges.push({ state, consecutiveOpens, counters: world.breaker().gate.counters });
    }
    if (plan.bulkhead !== undefined) {
      const { inUse, queued } = world.bulkhead().snapshot();
      gauges.push({ inUse, queued });
    }
    if (plan.limiter !== undefined) {
      const limiter = world.engine.rateLimiters.registry.get('Orders.place');
      const { available, queued } = limiter.snapshot();
      gauges.push({ available, queued });
    }
    this.gauges.push(JSON.stringify([...gauges, balanceOf(world.balance)]));
  }
}

/** Why an attempt was ended from outside. */
function nameOfAbort(error: unknown): string {
  const text = String(error);
  if (!text.startsWith('AbortError')) return text;
  return text.endsWith('another attempt was faster') ? 'loser' : 'left';
}
