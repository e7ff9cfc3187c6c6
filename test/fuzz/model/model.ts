import { type Act, executionOf, momentsOf, type Script, type ScriptedCall } from '../script.js';
import { Composition } from './composition.js';
import { execute } from './execution.js';
import { aborted, type Failure } from './failure.js';
import type { Tell } from './gate.js';
import type { Entry, Manner } from './layer.js';
import { balanceOf, inMoments, lineOf, type Report, type Told } from './report.js';
import { ModelScope } from './scope.js';
import { ModelTime } from './time.js';

interface Call {
  readonly runsAt: number[];
  readonly values: string[];
  outcome?: string;
  endedMs?: number;
}

/** The specification, carried out as plainly as can be: lists, callbacks, no promise. */
export class Model {
  private readonly time: ModelTime;
  private readonly events: Told[] = [];
  private readonly gauges: string[] = [];
  private readonly calls: Call[] = [];
  private readonly composition: Composition;

  constructor(
    private readonly script: Script,
    private readonly operation: string,
    startsAtMs: number,
  ) {
    const time = (this.time = new ModelTime(startsAtMs));
    const tellAs = (policy: string): Tell => this.tellAs(policy);
    this.composition = new Composition(script.plan, { time, tell: this.tellAs() }, tellAs, operation);
  }

  run(): Report {
    const moments = momentsOf(this.script);
    for (const [index, { act }] of this.script.steps.entries()) {
      this.time.advanceTo(moments[index] ?? 0);
      this.do(act, index);
      this.time.advanceTo(this.time.nowMs);
      this.look();
    }
    this.time.advanceTo(Number.POSITIVE_INFINITY);
    this.look();
    return { calls: this.calls, events: inMoments(this.events), gauges: this.gauges };
  }

  private do(act: Act, index: number): void {
    if (act.what === 'by hand') return this.composition.breaker?.byHand(act.state);
    if (act.what === 'clock steps') return void (this.time.wallMs += act.ms);
    return this.call(act, index);
  }

  private call(act: ScriptedCall, index: number): void {
    const { time } = this;
    const call: Call = { runsAt: [], values: [] };
    this.calls.push(call);
    const manner = act.what === 'signal' ? 'promise' : act.what;
    let isLeft = false;
    const ended = (outcome: string): void => {
      if (isLeft) return;
      Object.assign(call, { outcome, endedMs: time.nowMs });
      this.tellEnd(entry, outcome);
    };
    const entry = this.entry(act, { index, call, manner });
    const leave = this.composition.layer(entry, {
      value: (text) => void (isLeft || call.values.push(text)),
      end: () => ended('end'),
      fail: ({ text }: Failure) => ended(text),
    });
    if (act.what === 'promise' || act.leavesAfterMs === Number.POSITIVE_INFINITY) return;
    time.after(act.leavesAfterMs, () => {
      if (call.outcome !== undefined) return;
      isLeft = manner !== 'promise';
      // An iteration that has not opened goes on until its work has ended; the signal tells it.
      if (manner === 'stream' || call.values.length > 0) leave();
      if (isLeft && call.values.length > 0) this.tellEnd(entry, 'end');
      entry.scope.end({ reason: aborted(manner === 'promise' ? `left ${index}` : 'left'), origin: 'caller' });
    });
  }

  private entry(
    act: ScriptedCall,
    { index, call, manner }: { readonly index: number; readonly call: Call; readonly manner: Manner },
  ): Entry {
    const { time, script } = this;
    return {
      scope: new ModelScope(),
      manner,
      call: { isAnswered: false },
      startedMs: time.nowMs,
      execute: (scope, to) => {
        call.runsAt.push(time.nowMs);
        const execution = call.runsAt.length;
        const how = executionOf(script, act, { call: index, execution });
        return execute({ how, name: `${index}.${execution}`, manner, time, scope }, to);
      },
    };
  }

  private tellEnd({ call, startedMs }: Entry, outcome: string): void {
    const { nowMs } = this.time;
    const kind = 'call';
    this.events.push({
      atMs: nowMs,
      line: lineOf({ kind, outcome: kindOf(outcome, call), durationMs: nowMs - startedMs }),
    });
  }

  private tellAs(policy?: string): Tell {
    return (event) => {
      const atMs = this.time.nowMs;
      const timestampMs = this.time.wallMs + atMs;
      const { operation } = this;
      const facts = { operation, ...(policy !== undefined && { policy }), ...event, timestampMs };
      this.events.push({ atMs, line: lineOf(facts) });
    };
  }

  private look(): void {
    const { breaker, bulkhead, limiter, budget } = this.composition;
    const gates = [breaker, bulkhead, limiter].filter((gate) => gate !== undefined);
    this.gauges.push(JSON.stringify([...gates.map((gate) => gate.snapshot()), balanceOf(budget.balance)]));
  }
}

/** What the metrics call an outcome. */
function kindOf(outcome: string, { isAnswered }: Entry['call']): string {
  if (outcome === 'end') return isAnswered ? 'fallback' : 'success';
  return /^RESILIENCE_(CIRCUIT_BREAKER_OPEN|BULKHEAD_FULL|RATE_LIMIT)/.test(outcome) ? 'rejected' : 'failure';
}
