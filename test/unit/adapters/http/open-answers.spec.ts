import { describe, expect, it } from '@jest/globals';
import { OpenAnswers } from '../../../../lib/adapters/http/open-answers.js';

function world() {
  const cancelled: string[] = [];
  const answers = new OpenAnswers();
  const keep = (answer: string, attempt: number) => {
    answers.keep(answer, { attempt, body: { cancel: () => cancelled.push(answer) } });
  };
  return { cancelled, answers, keep };
}

describe('OpenAnswers', () => {
  it('lets go of earlier attempts when a later one begins, not of hedged ones beside it', () => {
    const { cancelled, answers, keep } = world();
    keep('first', 1);
    keep('second', 2);
    keep('beside the second', 2);

    answers.letGoBefore(2);

    expect(cancelled).toEqual(['first']);
  });

  it('lets go of all but the outcome, each once', () => {
    const { cancelled, answers, keep } = world();
    keep('lost', 1);
    keep('won', 1);

    answers.letGoExcept('won');
    answers.letGoExcept('won');

    expect(cancelled).toEqual(['lost']);
    expect(answers.has('won')).toBe(true);
  });

  it('takes no harm from a body that refuses, or that is none', async () => {
    const answers = new OpenAnswers();
    answers.keep('read by others', {
      attempt: 1,
      body: { cancel: () => Promise.reject(new TypeError('locked')) },
    });
    answers.keep('empty', { attempt: 1, body: null });
    answers.keep('parsed', { attempt: 1, body: { destroy: 'a field of the answer' } });

    answers.letGoExcept(undefined);
    await new Promise((resolve) => setImmediate(resolve));

    expect(answers.has('empty')).toBe(false);
  });
});
