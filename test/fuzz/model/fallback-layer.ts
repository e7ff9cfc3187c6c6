import type { Failure } from './failure.js';
import { type Entry, type Layer, type Listener, type World } from './layer.js';

export type ModelFallback = { readonly value: string } | { readonly lastGoodMs: number };

interface Kept {
  readonly values: readonly string[];
  readonly atMs: number;
}

/** The answer in the place of a failure, and what it takes that answer from. */
export class FallbackModel {
  private last: Kept | undefined;

  constructor(
    private readonly options: ModelFallback,
    /** Whether a policy inside counts a bad value as a failure, which is no good one then. */
    private readonly isJudged: boolean,
    private readonly world: World,
  ) {}

  layer(next: Layer): Layer {
    return (entry, to) => next(entry, this.listener(entry, to));
  }

  private listener({ scope, call }: Entry, to: Listener): Listener {
    const values: string[] = [];
    return {
      value: (text) => {
        values.push(text);
        to.value(text);
      },
      end: () => {
        const isGood = !this.isJudged || values[0] !== 'bad';
        if (isGood) this.last = { values, atMs: this.world.time.nowMs };
        to.end();
      },
      fail: (failure) => {
        const mayAnswer = failure.isAnswered && values.length === 0 && scope.ended === undefined;
        const answer = mayAnswer ? this.find() : undefined;
        if (answer === undefined) return to.fail(failure);
        call.isAnswered = true;
        return this.serve(answer, failure, to);
      },
    };
  }

  private serve(answer: readonly string[], failure: Failure, to: Listener): void {
    const source = 'value' in this.options ? 'value' : 'last-good';
    this.world.tell({ kind: 'fallback.served', policy: 'fallback', source, error: failure.text });
    for (const each of answer) to.value(each);
    to.end();
  }

  private find(): readonly string[] | undefined {
    const { options, last } = this;
    if ('value' in options) return [options.value];
    const isYoung = last !== undefined && this.world.time.nowMs - last.atMs <= options.lastGoodMs;
    return isYoung ? last.values : undefined;
  }
}
