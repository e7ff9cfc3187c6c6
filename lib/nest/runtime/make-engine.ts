import {
  ApplicationLifetime,
  type Clock,
  createEnvironment,
  EventHub,
  SystemClock,
} from '../../core/index.js';
import { Engine, type EngineWithEvents } from '../../pipeline/index.js';
import type { ResilienceModuleOptions } from '../resilience.options.js';

/** What the policies of one application share. @throws {InvalidOptionsError} naming the option that is wrong */
export function makeEngine(options: ResilienceModuleOptions): EngineWithEvents {
  const clock: Clock = options.clock ?? new SystemClock();
  const events = new EventHub(clock);
  const lifetime = new ApplicationLifetime();
  return { engine: new Engine(options, createEnvironment(clock, events, lifetime)), events, lifetime };
}
