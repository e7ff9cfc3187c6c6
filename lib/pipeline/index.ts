export { afterRivals } from './after-rivals.js';
export { Breaker } from './breaker.js';
export type { BreakerCallOptions, BreakerPermit } from './breaker.js';
export { CallRecord } from './call-record.js';
export type { FirstAttempt, Invocation } from './call-record.js';
export { Compiler } from './compile.js';
export type { CompiledPolicies } from './compile.js';
export type { PolicyOwner } from './policy-owner.js';
export { DEFAULT_ENGINE } from './default-engine.js';
export type { EngineWithEvents } from './default-engine.js';
export { startDelay } from './delay.js';
export type { DelayEnd } from './delay.js';
export { enterCall } from './enter-call.js';
export type { EnteredCall } from './enter-call.js';
export { Engine } from './engine.js';
export { EngineIdempotency } from './engine-idempotency.js';
export type { Learned } from './fused-learning.js';
export { FusedWay } from './fused-way.js';
export { HeldPermit } from './held-permit.js';
export type { GuardedPlace } from './guarded-place.js';
export { type Besides, withBesides } from './idempotent-besides.js';
export type { GuardedCall, OutcomeCapture, Settled, Soon } from './idempotent-call.js';
export type { LiveClaim } from './idempotent-claim.js';
export type { IdempotentMethod } from './idempotent-layer.js';
export { refuseOwnAnswer, refusedStream } from './idempotent-not-yet.js';
export { Sequence } from './idempotent-sequence.js';
export type { StreamFlow } from './idempotent-stream.js';
export type { StreamLog } from './idempotent-stream-log.js';
export { ClaimedCall, RepeatedOutcome, UNGUARDED } from './idempotent-outer.js';
export type { OuterCall, Surroundings } from './idempotent-outer.js';
export type { RecordName } from './idempotent-record-name.js';
export type { InspectedRecord } from './idempotent-runner.js';
export { runIdempotent } from './idempotent-service.js';
export type { IdempotentRunOptions } from './idempotent-service.js';
export { TOMBSTONE } from './idempotent-values.js';
export type { ReviveError } from './idempotent-values.js';
export { Deferred } from './idempotent-waiting.js';
export { apply, argumentsFor, CONTEXT_FIRST, FUNCTIONS, invoke, within } from './invoke.js';
export type { Target } from './invoke.js';
export { keepingState } from './keeping-state.js';
export { isSameOption, layered } from './merge.js';
export { CANONICAL_ORDER } from './order.js';
export { pause, startPause } from './pause.js';
export type { PauseEnd } from './pause.js';
export { createPolicies, Policies } from './policies.js';
export type { PoliciesOptions } from './policies.js';
export type {
  EngineOptions,
  FallbackRequest,
  MethodPolicyOptions,
  NamedPolicies,
  PolicyDefaults,
  PolicyOptions,
  PolicyOverrides,
} from './policy-options.js';
export { Pipeline } from './pipeline.js';
export type { CallOptions, PipelineParts } from './pipeline.js';
export { hedgedScope, HedgedScope, HedgeTimer, recordBeside } from './promise-hedge.js';
export { RunningLimit } from './promise-limit.js';
export { composeAsyncIterable } from './run-async-iterable.js';
export type { GuardedIteration, IterationCall } from './run-async-iterable.js';
export { checkRunningOverrides, overridden } from './running-overrides.js';
export type { RunningOverrides } from './running-overrides.js';
export {
  breakerOptions,
  bulkheadOptions,
  hedgeOptions,
  rateLimiterOptions,
  retryOptions,
  timeLimiterOptions,
} from './short-forms.js';
export type { SharedFamily } from './shared-family.js';
export { isTelling } from './step.js';
export type { GateWord, LimitWord, Step, StepWord } from './step.js';
export { goodValuesOf } from './good-values.js';
export { ValueLog, type ValueMemory, valuesOf } from './value-log.js';
