import { afterEach } from '@jest/globals';
import { createPolicies, type Policies, type ResilienceEvent, type RetryOptions } from 'nestjs-selfheal/core';
import { EventRecorder } from 'nestjs-selfheal/testing';
import { type Answer, ScriptedServer } from './scripted-server.js';

const servers: ScriptedServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** A server for one test; it is closed after it. */
export async function serverOf(...script: Answer[]): Promise<ScriptedServer> {
  const server = await new ScriptedServer(script).listen();
  servers.push(server);
  return server;
}

/** Retries at once. */
export const AT_ONCE: RetryOptions = {
  backoff: { type: 'fixed', initialDelay: 0, jitter: 'none' },
  budget: false,
};

/** Policies of their own, and what they tell. */
export function policiesOf(options: Parameters<typeof createPolicies>[0] = {}): {
  policies: Policies;
  events: EventRecorder;
} {
  const policies = createPolicies(options);
  return { policies, events: new EventRecorder(policies.events) };
}

/** What a promise rejects with. */
export async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    (value) => {
      throw new Error('it was to fail, but gave a value', { cause: value });
    },
    (error: unknown) => error,
  );
}

/** Resolves with the next event of a kind, when what has told it has done its part. */
export function nextOf(policies: Policies, kind: ResilienceEvent['kind']): Promise<ResilienceEvent> {
  return new Promise((resolve) => {
    const stop = policies.events.listen((event) => {
      if (event.kind !== kind) return;
      stop();
      setImmediate(() => resolve(event));
    });
  });
}
