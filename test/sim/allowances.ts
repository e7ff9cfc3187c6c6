import type { RetryAllowance } from './modelled-client.js';
import type { World } from './world.js';

/** Twitter Finagle's RetryBudget: deposits of every call and a floor per second, both gone after ten seconds. */
export function finagle(ratio: number, minPerSecond: number): (world: World) => RetryAllowance {
  const ttlMs = 10_000;
  return (world) => {
    const amounts: { readonly atMs: number; readonly tokens: number }[] = [];
    let balance = (minPerSecond * ttlMs) / 1_000;
    const change = (tokens: number): void => {
      amounts.push({ atMs: world.nowMs, tokens });
      balance += tokens;
    };
    const expire = (): void => {
      while ((amounts[0]?.atMs ?? world.nowMs) < world.nowMs - ttlMs) balance -= amounts.shift()?.tokens ?? 0;
    };
    return {
      onCall: () => {
        expire();
        change(ratio);
      },
      mayRetry: () => {
        expire();
        if (balance < 1) return false;
        change(-1);
        return true;
      },
    };
  };
}

/** Envoy's retry budget: retries in flight are a part of the calls in flight, or a few. */
export function inFlight(ratio: number, minRetries: number): (world: World) => RetryAllowance {
  return () => {
    let calls = 0;
    let retries = 0;
    return {
      onCall: () => void (calls += 1),
      onEnd: () => void (calls -= 1),
      mayRetry: () => {
        if (retries >= Math.max(minRetries, ratio * calls)) return false;
        retries += 1;
        return true;
      },
      onRetried: () => void (retries -= 1),
    };
  };
}

/** gRPC's retry throttling (A6): failures take one, successes give a part, half of the tokens must be there. */
export function grpcThrottle(maxTokens: number, tokenRatio: number): (world: World) => RetryAllowance {
  return () => {
    let tokens = maxTokens;
    return {
      onSuccess: () => void (tokens = Math.min(maxTokens, tokens + tokenRatio)),
      onFailure: () => void (tokens = Math.max(0, tokens - 1)),
      mayRetry: () => tokens > maxTokens / 2,
    };
  };
}

/** The AWS SDKs' retry quota: a retry costs, its success gives that back, any other success gives one. */
export function awsQuota(capacity: number, cost: number): (world: World) => RetryAllowance {
  return () => {
    let tokens = capacity;
    return {
      onSuccess: (attempt) => void (tokens = Math.min(capacity, tokens + (attempt > 1 ? cost : 1))),
      mayRetry: () => {
        if (tokens < cost) return false;
        tokens -= cost;
        return true;
      },
    };
  };
}
