import { describe, expect, it } from '@jest/globals';
import { FixedWindows } from '../../../../lib/policies/rate-limiter/fixed-windows.js';
import { LimitedLine } from '../../../../lib/policies/rate-limiter/limited-line.js';
import { RollingWindow } from '../../../../lib/policies/rate-limiter/rolling-window.js';
import { SmoothPace } from '../../../../lib/policies/rate-limiter/smooth-pace.js';
import { ManualClock } from '../../../../lib/testing/manual-clock.js';

const RATE = { limit: 2, windowMs: 1000 };

describe('RollingWindow', () => {
  it('keeps more starts than its first ring has room for, in order', () => {
    const window = new RollingWindow({ limit: 100, windowMs: 1000 });

    for (let atMs = 0; atMs < 100; atMs += 1) window.start(atMs);

    const next = [0, 1, 99, 100, 199, 200].map((ahead) => window.startsAtMs(100, ahead));
    expect(next).toEqual([1000, 1001, 1099, 2000, 2099, 3000]);
  });

  it('says how many may start as the oldest ones leave the window', () => {
    const window = new RollingWindow({ limit: 20, windowMs: 1000 });
    for (let atMs = 0; atMs < 20; atMs += 1) window.start(atMs);

    const free = [999, 1000, 1010, 1019, 5000].map((nowMs) => window.free(nowMs));

    expect(free).toEqual([0, 1, 11, 20, 20]);
  });

  it('still counts right after the starts of many windows went round its ring', () => {
    const window = new RollingWindow({ limit: 1_000_000, windowMs: 10 });

    for (let atMs = 0; atMs < 1000; atMs += 5) window.start(atMs);

    expect(window.free(999)).toBe(1_000_000 - 2);
    expect(window.isIdle(1004)).toBe(false);
    expect(window.isIdle(1005)).toBe(true);
  });
});

describe('FixedWindows', () => {
  it('begins with the first use, whenever that is, and however the rate changed before', () => {
    const windows = new FixedWindows({ limit: 9, windowMs: 9 });
    windows.change(RATE, 100);
    windows.start(250);
    windows.start(250);

    const next = [windows.startsAtMs(300, 0), windows.startsAtMs(1250, 0)];

    expect(next).toEqual([1250, 1250]);
  });

  it('says how many may start', () => {
    const windows = new FixedWindows(RATE);
    const fresh = windows.free(0);
    windows.start(0);

    const free = [fresh, windows.free(999), windows.free(1000)];

    expect(free).toEqual([2, 1, 2]);
  });

  it('begins a window at the very time that callers were told, whatever a division makes of it', () => {
    const windows = new FixedWindows({ limit: 1, windowMs: 0.1 });
    let nowMs = 0.7;

    const starts = Array.from({ length: 1000 }, () => {
      nowMs = windows.startsAtMs(nowMs, 0);
      const isFree = windows.startsAtMs(nowMs, 0) === nowMs;
      windows.start(nowMs);
      return isFree;
    });

    expect(starts).not.toContain(false);
  });
});

describe('SmoothPace', () => {
  it('lets one start at a time, and takes a new pace from the last start on', () => {
    const pace = new SmoothPace(RATE);
    pace.start(0);
    const free = [pace.free(499), pace.free(500)];

    pace.change({ limit: 10, windowMs: 1000 });

    expect(free).toEqual([0, 1]);
    expect([pace.startsAtMs(50, 0), pace.startsAtMs(50, 3)]).toEqual([100, 400]);
  });
});

describe('LimitedLine', () => {
  it('serves those who are due before one that comes when the timer is late', () => {
    // The clock of a busy thread: the time has come, the timer has not rung.
    const clock = new ManualClock();
    const late = { nowMs: 0 };
    const line = new LimitedLine(
      { ...RATE, limit: 1, type: 'rolling' },
      Object.assign(Object.create(clock) as ManualClock, { nowMs: () => late.nowMs }),
    );
    const started: string[] = [];
    line.tryStart(0);
    line.join().onTurn(() => started.push('waiter'));

    late.nowMs = 1500;
    const isStarted = line.tryStart(1500);

    expect(started).toEqual(['waiter']);
    expect(isStarted).toBe(false);
    expect(line.startsAtMs(1500)).toBe(2500);
  });

  it('changes nothing while nobody waits and nothing has started', () => {
    const line = new LimitedLine({ ...RATE, type: 'rolling' }, new ManualClock());

    line.change({ ...RATE, type: 'smooth' });

    expect(line.isIdle(0)).toBe(true);
    expect(line.free(0)).toBe(1);
  });
});

describe.each([
  ['rolling', () => new RollingWindow(RATE)],
  ['fixed', () => new FixedWindows(RATE)],
  ['smooth', () => new SmoothPace(RATE)],
])('a %s schedule', (_, make) => {
  it('forgets a start that did not come to anything', () => {
    const [one, other] = [make(), make()];
    for (const each of [one, other]) each.start(0);
    const nextMs = one.startsAtMs(0, 0);

    one.start(nextMs);
    one.undo();

    expect(one.startsAtMs(nextMs, 0)).toBe(other.startsAtMs(nextMs, 0));
    expect(one.free(nextMs)).toBe(other.free(nextMs));
  });
});
