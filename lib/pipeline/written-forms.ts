import { OptionCheck } from '../core/check.js';
import type { PolicyOverrides } from './policy-options.js';

/** The types in which options of a policy may be written; a text is a name, a duration or a percentile. */
type Form = 'object' | 'string' | 'number';

const FORMS = {
  retry: ['object', 'string'],
  circuitBreaker: ['object', 'string'],
  timeLimiter: ['object', 'string', 'number'],
  bulkhead: ['object', 'string', 'number'],
  rateLimiter: ['object', 'string'],
  hedge: ['object', 'string', 'number'],
} as const satisfies Partial<Record<keyof PolicyOverrides, readonly Form[]>>;

type Formed = keyof typeof FORMS;

const NAMES: Readonly<Record<Form, string>> = {
  object: 'an object of options',
  string: 'a text, not empty',
  number: 'a number',
};

/**
 * What is written in no form of its policy would be laid under other options without effect.
 *
 * @throws {InvalidOptionsError} naming policy, value and the forms that are right
 */
export function checkForms(operation: string, policies: Readonly<Partial<Record<Formed, unknown>>>): void {
  for (const policy of Object.keys(FORMS) as Formed[]) {
    const written = policies[policy];
    if (written !== undefined) checkForm(new OptionCheck(policy, operation), FORMS[policy], written);
  }
}

function checkForm(check: OptionCheck, forms: readonly Form[], written: unknown): void {
  const isNothing = written === null || written === '' || Array.isArray(written);
  if (!isNothing && forms.some((form) => typeof written === form)) return;
  check.refuse('options', written, `must be ${forms.map((form) => NAMES[form]).join(' or ')}`);
}
