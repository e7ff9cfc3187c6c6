import type { Clock, Timer } from '../../core/index.js';
import { type EventResponse, Viewer } from './viewer.js';

const TICK_MS = 1_000;
/** A little after the second, so that all of it has been counted. */
const LATE_MS = 20;
/** Who takes nothing for so many seconds has gone without a word. */
const MOST_MISSED = 60;

/** Frames as they are now; each is made at most once per tick, whatever the number of viewers. */
export interface Frames {
  /** Which catalogue holds now. */
  edition(): number;
  /** What rarely changes. */
  catalogue(): string;
  /** Everything that changes. */
  state(): string;
  /** What has changed since the last time. */
  delta(): string;
}

/** Those who look at the page; a timer runs only while there are any. */
export class Viewers {
  private readonly viewers = new Set<Viewer>();
  private timer: Timer | undefined;
  private hasClosed = false;

  constructor(
    private readonly clock: Clock,
    private readonly frames: Frames,
    private readonly most: number,
  ) {}

  /** How many look now. */
  get size(): number {
    return this.viewers.size;
  }

  /** Whether one more can be served. */
  get isOpen(): boolean {
    return !this.hasClosed && this.viewers.size < this.most;
  }

  /** One more looks, from now on. */
  add(response: EventResponse): void {
    const viewer = new Viewer(response, (each) => this.remove(each));
    this.viewers.add(viewer);
    this.welcome(viewer, this.frames.state());
    this.timer ??= this.plan();
  }

  /** Tells all of what has happened, without waiting for the second to end. */
  tell(): void {
    const { frames } = this;
    const edition = frames.edition();
    const delta = frames.delta();
    // Made for the first who needs it, the same for all.
    let state: string | undefined;
    for (const viewer of this.viewers) {
      if (!viewer.isReady) this.miss(viewer);
      else if (viewer.isLost || viewer.edition !== edition) this.welcome(viewer, (state ??= frames.state()));
      else viewer.send(['delta', delta]);
    }
  }

  /** Ends all streams; later ones are refused. */
  close(): void {
    this.hasClosed = true;
    for (const viewer of this.viewers) viewer.end();
  }

  private welcome(viewer: Viewer, state: string): void {
    const edition = this.frames.edition();
    const knows = viewer.edition === edition;
    viewer.isLost = false;
    viewer.edition = edition;
    if (knows) viewer.send(['state', state]);
    else viewer.send(['catalogue', this.frames.catalogue()], ['state', state]);
  }

  private miss(viewer: Viewer): void {
    if (viewer.miss() >= MOST_MISSED) viewer.end();
  }

  private remove(viewer: Viewer): void {
    this.viewers.delete(viewer);
    if (this.viewers.size > 0) return;
    this.timer?.cancel();
    this.timer = undefined;
  }

  private plan(): Timer {
    const untilNext = TICK_MS - (this.clock.nowMs() % TICK_MS) + LATE_MS;
    return this.clock.schedule(untilNext, () => this.ring(), { idle: true });
  }

  private ring(): void {
    this.timer = this.plan();
    this.tell();
  }
}
