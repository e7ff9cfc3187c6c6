import { hostOf } from '../host-binding.js';
import { arrivalOf } from '../http/idempotent/arrival.js';
import type { MethodPlan, PlanDispatcher } from '../method-plan.js';
import { DEFAULT_RUNTIME } from './default-runtime.js';
import { ResilienceRuntime } from './resilience-runtime.js';

/** What Nest puts into an instance; recognised by shape, since there may be two copies of Nest. */
interface ModuleRefLike {
  get(token: unknown, options: { readonly strict: boolean }): unknown;
}

/** Runtimes that were found, and hosts that have none. */
const RUNTIMES = new WeakMap<object, ResilienceRuntime | 'none'>();

/** Carries out one call of a decorated method, in the application its instance belongs to. */
export function callPlan(plan: MethodPlan, self: unknown, args: readonly unknown[]): unknown {
  const { passedRequest } = plan;
  if (passedRequest === undefined || args.length !== passedRequest.index + 1)
    return carryOut(plan, self, args);
  // It is no argument of the method's, whoever called it with the request of a guarded handler.
  const arrival = arrivalOf(args[passedRequest.index]);
  const own = args.slice(0, passedRequest.others);
  return arrival === undefined ? carryOut(plan, self, own) : arrival.answer(() => carryOut(plan, self, own));
}

function carryOut(plan: MethodPlan, self: unknown, args: readonly unknown[]): unknown {
  const host = hostOf(self);
  const { lastDispatcher } = plan;
  if (lastDispatcher !== undefined && host !== undefined && host === plan.lastHost)
    return lastDispatcher.call(self, args);
  return dispatcherFor(plan, host).call(self, args);
}

function dispatcherFor(plan: MethodPlan, host: unknown): PlanDispatcher {
  const found = runtimeOf(host);
  if (found === 'building') return DEFAULT_RUNTIME.get().dispatcherOf(plan);
  if (found === 'none') {
    DEFAULT_RUNTIME.warnOnce(plan, host === undefined ? 'unseen' : 'without-module');
    return DEFAULT_RUNTIME.get().dispatcherOf(plan);
  }
  const dispatcher = found.dispatcherOf(plan);
  plan.servedBy(host, dispatcher);
  return dispatcher;
}

/** The runtime that serves a host: that of its application, or where there is none the default one. */
export function servingRuntime(host: unknown): ResilienceRuntime {
  const found = runtimeOf(host);
  return found === 'none' || found === 'building' ? DEFAULT_RUNTIME.get() : found;
}

/** The runtime of a host: a runtime itself, or the one that its application has by now. */
function runtimeOf(host: unknown): ResilienceRuntime | 'none' | 'building' {
  if (ResilienceRuntime.isGenuine(host)) return host;
  if (typeof host !== 'object' || host === null) return 'none';
  const known = RUNTIMES.get(host);
  if (known !== undefined) return known;
  const found = askFor(host);
  if (found !== 'building') RUNTIMES.set(host, found);
  return found;
}

function askFor(host: object): ResilienceRuntime | 'none' | 'building' {
  try {
    // Checked by what it answers: whatever is not a genuine runtime is as if there were none.
    const found = (host as ModuleRefLike).get(ResilienceRuntime, { strict: false });
    if (ResilienceRuntime.isGenuine(found)) return found;
    return found === undefined || found === null ? 'building' : 'none';
  } catch {
    return 'none';
  }
}
