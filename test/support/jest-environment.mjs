import { TestEnvironment } from 'jest-environment-node';

const GRACE_TURNS = 20;
const FRAMES = 8;
/** The parser of ioredis gives the room of a large answer back bit by bit, by a timer of its own that ends by itself. */
const FOREIGN = /node_modules[\\/]redis-parser[\\/]/;

/**
 * Node, and after each test a look at the timers it left behind. A look from here comes after the `afterEach` hooks
 * of the test file, which a hook of a setup file cannot, and knows the timers of the test from those of Jest and Node.
 * Unhandled rejections need nothing here: Jest fails the test that leaves one.
 */
export default class LeakCheckingEnvironment extends TestEnvironment {
  timers = new Map();

  constructor(config, context) {
    super(config, context);
    this.global.NEST_MAJOR = Number(config.projectConfig.testEnvironmentOptions.nestMajor);
    this.watch('setTimeout');
    this.watch('setInterval');
  }

  watch(name) {
    const original = this.global[name];
    const watched = (...args) => {
      const timer = original(...args);
      this.timers.set(timer, originOf(watched));
      if (this.timers.size % 10_000 === 0) this.activeTimers();
      return timer;
    };
    this.global[name] = Object.defineProperties(watched, Object.getOwnPropertyDescriptors(original));
  }

  async handleTestEvent(event, state) {
    if (event.name === 'run_start') this.beforeRun = new Set(this.activeTimers());
    if (event.name === 'test_start') this.beforeTest = new Set(this.activeTimers());
    if (event.name === 'test_done') event.test.errors.push(...(await this.leaks(this.beforeTest)));
    if (event.name === 'run_finish') state.unhandledErrors.push(...(await this.leaks(this.beforeRun)));
  }

  /** An error for each timer that was not there before and is still active after a few turns of the event loop. */
  async leaks(before) {
    const left = () => this.activeTimers().filter((timer) => !before.has(timer));
    for (let turn = 0; turn < GRACE_TURNS && left().length > 0; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    const own = left().filter((timer) => !FOREIGN.test(this.timers.get(timer).stack));
    return own.map((timer) => this.leakError(timer));
  }

  leakError(timer) {
    const message = 'the test left an active timer behind; it was set here';
    const { stack } = this.timers.get(timer);
    this.timers.delete(timer);
    return Object.assign(new Error(message), { stack: stack.replace(/^.*$/m, `Error: ${message}`) });
  }

  activeTimers() {
    for (const timer of this.timers.keys()) {
      if (timer._destroyed) this.timers.delete(timer);
    }
    return [...this.timers.keys()].filter((timer) => timer.hasRef());
  }
}

function originOf(caller) {
  const origin = {};
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = FRAMES;
  Error.captureStackTrace(origin, caller);
  Error.stackTraceLimit = stackTraceLimit;
  return origin;
}
