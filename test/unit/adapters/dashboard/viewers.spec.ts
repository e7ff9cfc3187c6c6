import { describe, expect, it } from '@jest/globals';
import { ManualClock } from 'nestjs-selfheal/testing';
import type { EventResponse } from '../../../../lib/adapters/dashboard/viewer.js';
import { type Frames, Viewers } from '../../../../lib/adapters/dashboard/viewers.js';

/** A line to a page: what was written to it, and whether it takes more. */
class Line implements EventResponse {
  readonly written: string[] = [];
  isSlow = false;
  end = (): void => this.finish('ended');
  destroy = (): void => this.finish('destroyed');
  fate: string | undefined;
  private readonly listeners = new Map<string, () => void>();

  writeHead(): void {
    this.written.push('head');
  }

  write(text: string): boolean {
    this.written.push([...text.matchAll(/^event: (\w+)$/gm)].map(([, name]) => name).join('+'));
    return !this.isSlow;
  }

  once(event: 'close' | 'drain', listener: () => void): void {
    this.listeners.set(event, listener);
  }

  drain(): void {
    this.listeners.get('drain')?.();
  }

  close(): void {
    this.listeners.get('close')?.();
  }

  private finish(fate: string): void {
    this.fate = fate;
    this.close();
  }
}

class Counted implements Frames {
  made = { catalogue: 0, state: 0, delta: 0 };
  current = 1;

  edition(): number {
    return this.current;
  }

  catalogue(): string {
    this.made.catalogue += 1;
    return '{}';
  }

  state(): string {
    this.made.state += 1;
    return '{}';
  }

  delta(): string {
    this.made.delta += 1;
    return '{}';
  }
}

function viewersOf() {
  const clock = new ManualClock();
  const frames = new Counted();
  return { clock, frames, viewers: new Viewers(clock, frames, 10) };
}

describe('those who look', () => {
  it('get everything once, then what has changed, once a second', async () => {
    const { clock, viewers } = viewersOf();
    const line = new Line();

    viewers.add(line);
    await clock.advance(2_100);

    expect(line.written).toEqual(['head', 'catalogue+state', 'delta', 'delta']);
  });

  it('share the frames', async () => {
    const { clock, frames, viewers } = viewersOf();

    for (let count = 0; count < 5; count += 1) viewers.add(new Line());
    await clock.advance(10_100);

    expect(frames.made.delta).toBe(10);
  });

  it('miss what they are too slow for, and get the state when they have caught up', async () => {
    const { clock, viewers } = viewersOf();
    const slow = new Line();
    const quick = new Line();
    slow.isSlow = true;
    viewers.add(slow);
    viewers.add(quick);

    await clock.advance(5_100);
    slow.drain();
    slow.isSlow = false;
    await clock.advance(2_000);

    expect(slow.written).toEqual(['head', 'catalogue+state', 'state', 'delta']);
    expect(quick.written.filter((frame) => frame === 'delta')).toHaveLength(7);
  });

  it('are let go when they have taken nothing for a minute', async () => {
    const { clock, viewers } = viewersOf();
    const dead = new Line();
    dead.isSlow = true;
    viewers.add(dead);

    await clock.advance(62_000);

    expect(dead.fate).toBe('destroyed');
    expect(viewers.size).toBe(0);
  });

  it('are told anew of the methods when those have changed', async () => {
    const { clock, frames, viewers } = viewersOf();
    const line = new Line();
    viewers.add(line);
    await clock.advance(1_100);

    frames.current = 2;
    await clock.advance(1_000);

    expect(line.written).toEqual(['head', 'catalogue+state', 'delta', 'catalogue+state']);
  });

  it('leave no timer behind when the last one goes', async () => {
    const { clock, viewers } = viewersOf();
    const [one, other] = [new Line(), new Line()];
    viewers.add(one);
    viewers.add(other);

    one.close();
    const timersOfOne = clock.allTimers;
    other.close();

    expect([timersOfOne, clock.allTimers]).toEqual([1, 0]);
  });

  it('are all let go when the application closes, the slow ones without waiting for them', () => {
    const { clock, viewers } = viewersOf();
    const [quick, slow] = [new Line(), new Line()];
    slow.isSlow = true;
    viewers.add(quick);
    viewers.add(slow);

    viewers.close();

    expect([quick.fate, slow.fate]).toEqual(['ended', 'destroyed']);
    expect([viewers.isOpen, clock.allTimers]).toEqual([false, 0]);
  });
});
