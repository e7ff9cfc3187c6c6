import type { Moment, Report } from './orders.js';

/** The one process-wide door that a call may be stopped at, until it is told to go on. */
export class Door {
  private asked: { readonly key: string; readonly moment: Moment } | undefined;
  private open: () => void = () => undefined;

  constructor(private readonly say: (report: Report) => void) {}

  close(key: string, moment: Moment): void {
    this.asked = { key, moment };
  }

  async pass(moment: Moment, key: string): Promise<void> {
    if (this.asked?.key !== key || this.asked.moment !== moment) return;
    this.asked = undefined;
    const opened = new Promise<void>((resolve) => (this.open = resolve));
    this.say({ report: 'asking', before: moment });
    await opened;
  }

  go(): void {
    this.open();
  }
}
