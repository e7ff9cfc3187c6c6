import type { DynamicModule } from '@nestjs/common';
import type { Clock } from '../core/index.js';
import { ResilienceEvents, ResilienceModule, type ResilienceRootOptions } from '../nest/index.js';
import { EventRecorder } from './event-recorder.js';
import { ManualClock } from './manual-clock.js';

/** Options of {@link ResilienceTestingModule}: those of the application, and what a test wants otherwise. */
export interface ResilienceTestingOptions extends ResilienceRootOptions {
  /**
   * Whether policies act; `false` calls the bare methods, fallbacks stay.
   *
   * @defaultValue true
   */
  readonly policies?: boolean;
  /**
   * Breakers that begin in a state set by hand, by name (`db`, or `Class.method` for one without a name).
   *
   * @defaultValue none
   */
  readonly breakers?: Readonly<Record<string, 'forced-open' | 'disabled'>>;
  /**
   * The clock of the application; it can be injected as `ManualClock` where it is one.
   *
   * @defaultValue a new `ManualClock`
   */
  readonly clock?: Clock;
}

/**
 * Takes the place of `ResilienceModule` in a test: time stands still until the test moves it, events are recorded,
 * and nothing is logged unless asked for. `ManualClock` and `EventRecorder` can be had from the application.
 */
export class ResilienceTestingModule {
  /** The application's policies on a manual clock. */
  static forRoot(options: ResilienceTestingOptions = {}): DynamicModule {
    const { policies = true, breakers, clock = new ManualClock(), ...rest } = options;
    const forced = breakers === undefined ? {} : { forcedBreakers: breakers };
    const root = ResilienceModule.forRoot({ logger: false, enabled: policies, ...rest, clock, ...forced });
    const recorder = {
      provide: EventRecorder,
      useFactory: (events: ResilienceEvents) => new EventRecorder(events),
      inject: [ResilienceEvents],
    };
    const manual = clock instanceof ManualClock ? [{ provide: ManualClock, useValue: clock }] : [];
    const added = [recorder, ...manual];
    return {
      ...root,
      providers: [...(root.providers ?? []), ...added],
      exports: [...(root.exports ?? []), ...added.map((each) => each.provide)],
    };
  }
}
