import { describe, expect, it } from '@jest/globals';
import { AlertsDriver } from './alerts-driver.js';

const MINUTE = 60_000;

describe('AlertsRule about breakers', () => {
  it('CP-32: raises once over probes and reopenings, and clears once when the breaker closes', () => {
    const alerts = new AlertsDriver();

    alerts.become(0, 'open');
    alerts.become(30_000, 'half-open');
    alerts.become(30_000, 'open');
    alerts.until(60_000);
    alerts.become(60_000, 'half-open');
    alerts.become(60_000, 'open');
    alerts.until(90_000);
    alerts.become(90_000, 'half-open');
    alerts.become(90_000, 'closed');
    alerts.until(10 * MINUTE);

    expect(alerts.told).toEqual([
      '60000 alert.raised breaker-open bank',
      '90000 alert.cleared breaker-open bank',
    ]);
  });

  it('says how long it lasts, the state, and how long it lasted', () => {
    const alerts = new AlertsDriver();

    alerts.become(1_000, 'open');
    alerts.until(2 * MINUTE);
    alerts.become(130_000, 'closed');

    expect(alerts.notices).toEqual([
      expect.objectContaining({ operation: 'bank', state: 'open', keyed: false, lastingMs: MINUTE }),
      expect.objectContaining({ operation: 'bank', keyed: false, lastedMs: 129_000 }),
    ]);
  });

  it('says nothing of a breaker that closes in time, and wants to be asked no more', () => {
    const alerts = new AlertsDriver();

    alerts.become(0, 'open');
    alerts.become(59_999, 'closed');
    alerts.until(10 * MINUTE);

    expect(alerts.told).toEqual([]);
    expect(alerts.rule.dueMs).toBe(Number.POSITIVE_INFINITY);
  });

  it('counts anew from each time the breaker leaves closed', () => {
    const alerts = new AlertsDriver();

    alerts.become(0, 'open');
    alerts.become(50_000, 'closed');
    alerts.become(51_000, 'open');
    alerts.until(10 * MINUTE);

    expect(alerts.told).toEqual(['111000 alert.raised breaker-open bank']);
  });

  it('tells both where it was asked too late and the breaker has closed meanwhile', () => {
    const alerts = new AlertsDriver();

    alerts.become(0, 'open');
    alerts.become(70_000, 'closed');

    expect(alerts.told).toEqual([
      '70000 alert.raised breaker-open bank',
      '70000 alert.cleared breaker-open bank',
    ]);
  });

  it('raises no second alert within the debounce, and tells afterwards what still lasts then', () => {
    const alerts = new AlertsDriver();

    alerts.become(0, 'open');
    alerts.until(MINUTE);
    alerts.become(70_000, 'closed');
    alerts.become(80_000, 'open');
    alerts.until(6 * MINUTE - 1);
    expect(alerts.told).toHaveLength(2);
    alerts.until(10 * MINUTE);

    expect(alerts.told.slice(2)).toEqual(['360000 alert.raised breaker-open bank']);
    expect(alerts.notices[2]).toMatchObject({ lastingMs: 280_000 });
  });

  it('leaves out what begins and ends within the debounce, clearing included', () => {
    const alerts = new AlertsDriver();

    alerts.become(0, 'open');
    alerts.until(MINUTE);
    alerts.become(70_000, 'closed');
    alerts.become(80_000, 'open');
    alerts.until(200_000);
    alerts.become(200_000, 'closed');
    alerts.until(20 * MINUTE);

    expect(alerts.told).toHaveLength(2);
  });

  it('debounces each breaker for itself', () => {
    const alerts = new AlertsDriver();

    alerts.become(0, 'open', 'bank');
    alerts.become(10_000, 'open', 'mail');
    alerts.until(5 * MINUTE);

    expect(alerts.told).toEqual([
      '60000 alert.raised breaker-open bank',
      '70000 alert.raised breaker-open mail',
    ]);
  });

  it('raises again after the debounce, however many others were raised meanwhile', () => {
    const alerts = new AlertsDriver({ openLongerThan: 10, debounce: 100 });

    for (let round = 0; round < 5; round += 1) {
      for (const name of ['a', 'b', 'c']) alerts.become(round * 200, 'open', name);
      alerts.until(round * 200 + 50);
      for (const name of ['a', 'b', 'c']) alerts.become(round * 200 + 50, 'closed', name);
    }

    expect(alerts.told.filter((line) => line.includes('raised'))).toHaveLength(15);
  });

  it('takes every key of a breaker apart', () => {
    const alerts = new AlertsDriver();
    const [one, other] = [{}, {}];

    alerts.become(0, 'open', one);
    alerts.become(40_000, 'open', other);
    alerts.become(50_000, 'closed', one);
    alerts.until(2 * MINUTE);
    alerts.become(130_000, 'closed', other);

    expect(alerts.told).toEqual([
      '100000 alert.raised breaker-open shards',
      '130000 alert.cleared breaker-open shards',
    ]);
    expect(alerts.notices[0]).toMatchObject({ keyed: true });
  });
});

describe('AlertsRule about breakers that a hand has set', () => {
  it('counts forced-open as not closed: nothing recovers from it by itself', () => {
    const alerts = new AlertsDriver();

    alerts.become(0, 'forced-open');
    alerts.until(10 * MINUTE);

    expect(alerts.notices).toEqual([expect.objectContaining({ kind: 'alert.raised', state: 'forced-open' })]);
  });

  it('goes on through an opening by hand', () => {
    const alerts = new AlertsDriver();

    alerts.become(0, 'open');
    alerts.become(50_000, 'forced-open');
    alerts.until(2 * MINUTE);
    alerts.become(130_000, 'closed');

    expect(alerts.told).toHaveLength(2);
  });

  it('takes disabled for closed: every call runs', () => {
    const alerts = new AlertsDriver();

    alerts.become(0, 'open');
    alerts.until(MINUTE);
    alerts.become(70_000, 'disabled');
    alerts.until(10 * MINUTE);

    expect(alerts.told.at(-1)).toBe('70000 alert.cleared breaker-open bank');
    expect(alerts.told).toHaveLength(2);
  });

  it('ends all keys that were forced open with the first that is let go: the others may be forgotten', () => {
    const alerts = new AlertsDriver();
    const [one, forgotten] = [{}, {}];

    alerts.become(0, 'forced-open', one);
    alerts.become(0, 'forced-open', forgotten);
    alerts.until(MINUTE);
    alerts.become(70_000, 'closed', one);

    expect(alerts.told.slice(2)).toEqual([
      '70000 alert.cleared breaker-open shards',
      '70000 alert.cleared breaker-open shards',
    ]);
    expect(alerts.rule.dueMs).toBe(Number.POSITIVE_INFINITY);
  });
});
