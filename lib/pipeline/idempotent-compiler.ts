import { OptionCheck } from '../core/check.js';
import {
  IDEMPOTENT,
  type IdempotentOptions,
  resolveIdempotentOptions,
} from '../policies/idempotency/index.js';
import type { GateCompilerParts } from './gate-compiler.js';
import { IdempotentMethod } from './idempotent-layer.js';
import { layered } from './merge.js';
import type { Step } from './step.js';

/** Makes the guard of one method. */
export class IdempotentCompiler {
  constructor(private readonly parts: GateCompilerParts) {}

  /** @throws {InvalidOptionsError} naming method, field, value and what would be right */
  idempotent(override: IdempotentOptions | undefined): Step {
    const { engine, owner } = this.parts;
    const { operation, guardedPlace: place } = owner;
    checkGiven(operation, owner.policies.idempotent);
    if (place === undefined) return refuseCode(operation);
    const { idempotency } = engine;
    // The bare text: one with a number depends on the order in which classes were loaded.
    const text: IdempotentOptions = { operation: owner.overrideKey ?? operation };
    const { defaults } = idempotency.settings;
    const together = layered<IdempotentOptions>(text, defaults, owner.policies.idempotent, override);
    const options = resolveIdempotentOptions(operation, together);
    place.check(options);
    idempotency.addOperation(place.identity, { method: operation, operation: options.operation });
    this.parts.options['idempotent'] = options;
    const { identity: _identity, check: _check, ...known } = place;
    const { runner } = idempotency;
    const warn = (warning: string): void => idempotency.warn(warning);
    return { word: 'idempotent', rule: new IdempotentMethod({ operation, options, runner, warn, ...known }) };
  }
}

/** Code without a method has no arguments that a key could be made of, and no name that stays. */
function refuseCode(operation: string): never {
  const check = new OptionCheck(IDEMPOTENT, operation);
  return check.refuse('idempotent', undefined, 'is for decorated methods: use IdempotencyService.run');
}

/** Laid over the options of others, what is no object would have no effect. */
function checkGiven(operation: string, given: unknown): void {
  if (typeof given === 'object' && given !== null) return;
  new OptionCheck(IDEMPOTENT, operation).refuse('options', given, 'must be an object');
}
