import { type ResilienceService, type RetryOptions, RetrySignal } from 'nestjs-selfheal';

export async function gathers(service: ResilienceService): Promise<string> {
  const { values, failed } = await service.gather({
    user: async () => ({ name: 'Ada' }),
    count: ({ signal }) => (signal.aborted ? 0 : 1),
  });
  const count: number | undefined = values.count;
  // @ts-expect-error a part may have failed, so that there may be no value
  const name: string = values.user.name;
  // @ts-expect-error there is no such part
  void failed.news;
  return `${name}${count}`;
}

export function overrides(service: ResilienceService): void {
  const restore: () => void = service.override('Payments.charge', { retry: { maxAttempts: 1 } });
  restore();
  service.override('Payments.charge', { circuitBreaker: false });
  // @ts-expect-error what has a state is changed through its registry
  service.override('Payments.charge', { circuitBreaker: { failureThreshold: 3 } });
  // @ts-expect-error a guarded method is never silently unguarded
  service.override('Payments.charge', { idempotent: false });
}

export async function policies(service: ResilienceService): Promise<number> {
  const patient = service.policy('stripe').with({ retry: { maxAttempts: 9 }, timeLimiter: false });
  const once = service.policy({ maxAttempts: 3 }).with({ maxAttempts: 1 });
  // @ts-expect-error no policy of this name
  patient.with({ retries: { maxAttempts: 9 } });
  await service.execute('stripe', () => 'text', { overrides: { retry: false } });
  return once.execute(() => 1);
}

export const hooks: RetryOptions = {
  onAttempt: ({ attempt, call }) => void [attempt, call.signal],
  prepareRetry: async ({ attempt, error }) => void [attempt, error],
  backoff: { delays: ['100ms', '1s', 5_000], minDelay: '50ms' },
  retryOnResult: (value) => value === undefined,
};

// @ts-expect-error predicates are synchronous: their promise would always mean yes
export const asynchronous: RetryOptions = { retryOn: async () => false };

// @ts-expect-error a list of durations
export const listed: RetryOptions = { backoff: { delays: ['soon'] } };

export function asks(): never {
  throw new RetrySignal(new Error('not yet'), { retryAfterMs: 500 });
}
