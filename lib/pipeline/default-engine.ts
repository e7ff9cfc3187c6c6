import { SystemClock } from '../core/clock.js';
import { ApplicationLifetime, createEnvironment } from '../core/environment.js';
import { EventHub } from '../core/event-hub.js';
import { Engine } from './engine.js';

/** An engine and what it tells. */
export interface EngineWithEvents {
  readonly engine: Engine;
  readonly events: EventHub;
  readonly lifetime: ApplicationLifetime;
}

/** An engine of the machine's clock, which has the defaults for names that only a module could configure. */
function makeDefault(): EngineWithEvents {
  const clock = new SystemClock();
  const events = new EventHub(clock);
  const lifetime = new ApplicationLifetime();
  return {
    engine: new Engine({ isLenient: true }, createEnvironment(clock, events, lifetime)),
    events,
    lifetime,
  };
}

/** What code outside of every application shares: made when it is first needed, emptied by `reset`. */
class DefaultEngine {
  private made: EngineWithEvents | undefined;

  get(): EngineWithEvents {
    return (this.made ??= makeDefault());
  }

  reset(): void {
    this.made = undefined;
  }
}

/** The one default engine of the process. */
export const DEFAULT_ENGINE = new DefaultEngine();
