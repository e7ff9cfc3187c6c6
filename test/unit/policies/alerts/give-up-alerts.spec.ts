import { describe, expect, it } from '@jest/globals';
import { AlertsDriver } from './alerts-driver.js';

const OPTIONS = { giveUps: 3, window: 100, debounce: 1_000 };

function givenUpAt(...times: readonly number[]): AlertsDriver {
  const alerts = new AlertsDriver(OPTIONS);
  for (const atMs of times) {
    alerts.until(atMs);
    alerts.giveUp(atMs);
  }
  return alerts;
}

describe('AlertsRule about give-ups', () => {
  it('raises with the last of so many within the window, and names what it was', () => {
    const alerts = new AlertsDriver(OPTIONS);

    alerts.giveUp(0);
    alerts.giveUp(50);
    expect(alerts.told).toEqual([]);
    alerts.giveUp(99, 'Mail.send');

    expect(alerts.told).toEqual(['99 alert.raised give-ups retry']);
    expect(alerts.notices[0]).toMatchObject({ operation: 'Mail.send', lastingMs: 99, giveUps: 3 });
  });

  it('says nothing of as many that are spread over more than the window', () => {
    const alerts = givenUpAt(0, 50, 100, 150, 200, 250);

    expect(alerts.told).toEqual([]);
    expect(alerts.rule.dueMs).toBe(Number.POSITIVE_INFINITY);
  });

  it('clears at the moment when fewer than so many are left in the window', () => {
    const alerts = givenUpAt(0, 10, 20);

    alerts.until(99);
    expect(alerts.told).toHaveLength(1);
    alerts.until(500);

    expect(alerts.told.at(-1)).toBe('100 alert.cleared give-ups retry');
    expect(alerts.notices.at(-1)).toMatchObject({ operation: 'Orders.place', lastedMs: 100 });
  });

  it('raises once while it lasts, however many follow', () => {
    const times = Array.from({ length: 500 }, (_, index) => index * 10);

    const alerts = givenUpAt(...times);
    alerts.until(10_000);

    expect(alerts.told).toEqual(['20 alert.raised give-ups retry', '5070 alert.cleared give-ups retry']);
  });

  it('tells the clearing before the give-up that comes later, however late it is asked', () => {
    const alerts = new AlertsDriver(OPTIONS);
    for (const atMs of [0, 1, 2]) alerts.giveUp(atMs);

    alerts.giveUp(700);

    expect(alerts.told.at(-1)).toBe('700 alert.cleared give-ups retry');
  });

  it('raises no second alert within the debounce', () => {
    const alerts = givenUpAt(0, 1, 2, 500, 501, 502);

    alerts.until(5_000);

    expect(alerts.told).toEqual(['2 alert.raised give-ups retry', '100 alert.cleared give-ups retry']);
  });

  it('tells when the debounce ends what still lasts then', () => {
    const alerts = givenUpAt(0, 1, 2, 950, 951, 952);

    alerts.until(5_000);

    expect(alerts.told.slice(2)).toEqual([
      '1002 alert.raised give-ups retry',
      '1050 alert.cleared give-ups retry',
    ]);
  });

  it('is not asked again and again where what was held back is over before it is asked', () => {
    const alerts = givenUpAt(0, 1, 2, 950, 951, 952);

    alerts.giveUp(2_000);

    expect(alerts.rule.dueMs).toBe(Number.POSITIVE_INFINITY);
    expect(alerts.told).toHaveLength(2);
  });

  it('raises at the first where one is too many', () => {
    const alerts = new AlertsDriver({ giveUps: 1, window: 100 });

    alerts.giveUp(0);
    alerts.until(1_000);

    expect(alerts.told).toEqual(['0 alert.raised give-ups retry', '100 alert.cleared give-ups retry']);
  });
});
