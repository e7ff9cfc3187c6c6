import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { CircuitBreakerRegistry, ResilienceEvents, ResilienceService } from 'nestjs-selfheal';
import { EventRecorder } from 'nestjs-selfheal/testing';
import { TestBrowser } from './chromium.js';
import { CookieGuard, InventoryService, manyMethods, PaymentsService, Traffic, weather } from './shop.js';
import { Shop } from './shop-application.js';

const browser = new TestBrowser();

beforeEach(() => {
  weather.isDown = false;
});

/** The card of a breaker. */
function cardOf(page: Page, name: string) {
  return page.locator('#breakers .card').filter({ hasText: name });
}

/** The rows of a method. */
function rowOf(page: Page, method: string) {
  return page.locator('tbody.method').filter({ hasText: method });
}

/** Waits until the page is live. */
async function live(page: Page): Promise<void> {
  await page.locator('#link[data-tone="good"]').waitFor();
  await page.locator('tbody.method').first().waitFor();
}

describe('an outage', () => {
  let traffic: Traffic | undefined;

  afterEach(() => traffic?.stop());

  it('is seen as it happens, and so is the recovery', async () => {
    const shop = await Shop.open();
    const payments = shop.get(PaymentsService);
    const inventory = shop.get(InventoryService);
    const { page, complaints } = await browser.open(shop.page);
    await live(page);
    traffic = new Traffic([() => payments.charge(), () => inventory.stockOf()]);

    await page.locator('#verdict[data-tone="good"]', { hasText: 'All is well' }).waitFor();
    weather.isDown = true;
    await cardOf(page, 'payments').locator('.state', { hasText: 'open' }).waitFor();
    await page.locator('#verdict[data-tone="bad"]', { hasText: 'not closed' }).waitFor();
    await page.locator('#line li', { hasText: 'closed → open' }).first().waitFor();
    await rowOf(page, 'charge').locator('.chip', { hasText: 'breaker open' }).waitFor();
    expect(await page.title()).toContain('not closed');
    weather.isDown = false;
    await cardOf(page, 'payments').locator('.state', { hasText: 'closed' }).waitFor();
    await page.locator('#line li', { hasText: 'half-open → closed' }).first().waitFor();

    expect(complaints).toEqual([]);
  });

  it('is counted exactly: page, events and calls agree after a scripted run', async () => {
    const shop = await Shop.open();
    const events = new EventRecorder(shop.get(ResilienceEvents));
    const payments = shop.get(PaymentsService);
    const { page } = await browser.open(shop.page);
    await live(page);
    await rowOf(page, 'charge').locator('button.name').click();
    const outcomes: boolean[] = [];
    const call = () =>
      payments.charge().then(
        () => outcomes.push(true),
        () => outcomes.push(false),
      );

    for (let count = 0; count < 30; count += 1) await call();
    weather.isDown = true;
    for (let count = 0; count < 30; count += 1) await call();

    const fact = (name: string) => rowOf(page, 'charge').locator(`dd[data-fact="${name}"]`);
    await fact('calls').filter({ hasText: '60' }).waitFor();
    const numbers = async (name: string) => Number((await fact(name).allTextContents())[0] ?? 0);
    expect(await numbers('success')).toBe(outcomes.filter((isFine) => isFine).length);
    expect((await numbers('failure')) + (await numbers('rejected'))).toBe(
      outcomes.filter((isFine) => !isFine).length,
    );
    for (const kind of ['retry.scheduled', 'retry.gave-up', 'circuit-breaker.rejected'] as const) {
      expect([kind, await numbers(kind)]).toEqual([kind, events.of(kind).length]);
    }
  });
});

describe('a restart of the application', () => {
  it('is told, and the page comes back by itself with the story of the new process', async () => {
    const before = await Shop.open({ page: { title: 'before' } });
    await before.get(PaymentsService).charge();
    const { page } = await browser.open(before.page);
    await live(page);

    await before.close();
    await page.locator('#link', { hasText: 'connection lost' }).waitFor();
    const after = await Shop.open({ page: { title: 'after' }, port: before.port });
    await page.locator('#title', { hasText: 'after' }).waitFor();
    await live(page);
    await after.get(PaymentsService).charge();
    await rowOf(page, 'charge').locator('button.name').click();

    await rowOf(page, 'charge').locator('dd[data-fact="calls"]', { hasText: /^1$/ }).waitFor();
    expect(await page.locator('tbody.method').count()).toBe(5);
  });
});

describe('orders', () => {
  it('are not on a page without a guard', async () => {
    const shop = await Shop.open();
    const { page } = await browser.open(shop.page);
    await live(page);

    await cardOf(page, 'payments').waitFor();

    expect(await page.locator('.card button, .setter').count()).toBe(0);
  });

  it('of somebody without the right are refused, and the page says so', async () => {
    const shop = await Shop.open({ page: { guard: CookieGuard } });
    const { page } = await browser.open(shop.page);
    await live(page);

    await cardOf(page, 'payments').getByRole('button', { name: 'Open payments' }).click();
    await page.getByRole('button', { name: 'Do it' }).click();
    await page.locator('#toast[data-tone="bad"]', { hasText: 'Refused (403)' }).waitFor();

    expect(shop.get(CircuitBreakerRegistry).get('payments').state).toBe('closed');
  });

  it('of an operator are carried out, by keyboard as well, after a question that can be answered with no', async () => {
    const shop = await Shop.open({ page: { guard: CookieGuard } });
    const { page, complaints } = await browser.open(shop.page);
    await page.context().addCookies([{ name: 'role', value: 'operator', url: shop.address }]);
    await live(page);
    const breaker = shop.get(CircuitBreakerRegistry).get('payments');
    const open = cardOf(page, 'payments').getByRole('button', { name: 'Open payments' });

    await open.focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    const afterNo = breaker.state;
    await open.focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await cardOf(page, 'payments').locator('.state', { hasText: 'forced-open' }).waitFor();
    const afterYes = breaker.state;
    await cardOf(page, 'payments').getByRole('button', { name: 'Close payments' }).click();
    await cardOf(page, 'payments').locator('.state', { hasText: 'closed' }).waitFor();

    expect([afterNo, afterYes, breaker.state]).toEqual(['closed', 'forced-open', 'closed']);
    expect(complaints).toEqual([]);
  });
});

describe('hostile names and messages', () => {
  it('are shown as texts, short, and change nothing around them', async () => {
    const shop = await Shop.open();
    const service = shop.get(ResilienceService);
    const names = [
      '<script>window.hit = 1</script>',
      '<img src=x onerror="window.hit = 1">',
      'x'.repeat(10_000),
      '👩‍👩‍👧‍👦'.repeat(400),
      '\u202Eeslaf si siht',
      'שלום עולם',
      '__proto__',
    ];
    const { page, complaints } = await browser.open(shop.page, { viewport: { width: 1_200, height: 900 } });
    await live(page);

    for (const name of names) {
      const retry = { maxAttempts: 2, backoff: { initialDelay: 1 } };
      const failing = async (): Promise<never> => {
        throw new Error(`${name} failed`);
      };
      await service.execute({ operation: name, retry }, failing).catch(() => undefined);
      await delay(1_000);
    }
    await page.locator('tbody.method', { hasText: '__proto__' }).waitFor();
    await page.locator('#line li', { hasText: 'שלום' }).first().waitFor();

    const shown = await page.locator('button.name').allTextContents();
    expect(shown).toContain('<script>window.hit = 1</script>');
    expect(shown).toContain('<img src=x onerror="window.hit = 1">');
    expect(Math.max(...shown.map((text) => text.length))).toBeLessThanOrEqual(160);
    expect(await page.evaluate('window.hit')).toBeUndefined();
    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(await widthOf(page)).toBeLessThanOrEqual(1_200);
    expect(complaints).toEqual([]);
  });
});

describe('a large application', () => {
  it('of 500 methods and a thousand events a second is still to be read and searched', async () => {
    const Many = manyMethods(500);
    const shop = await Shop.open({ providers: [Many] });
    const many = shop.get<Record<string, () => Promise<unknown>>>(Many);
    shop.get(CircuitBreakerRegistry).get('many').forceOpen();
    let next = 0;
    // Each refused call tells of the refusal and of the retry that gave up.
    const traffic = new Traffic([async () => many[`method${(next += 1) % 500}`]?.()], 500);
    const { page, complaints } = await browser.open(shop.page);
    await live(page);

    await page.locator('#methods-count', { hasText: /^505$/ }).waitFor();
    await page.locator('.tile[data-tile="rejected/s"] strong', { hasText: /^\d{3}$/ }).waitFor();
    await page.locator('#filter').fill('method317');
    await page.locator('#methods-count', { hasText: '1 of 505' }).waitFor();
    traffic.stop();

    expect(await page.locator('tbody.method button.name').allTextContents()).toEqual(['Many.method317']);
    expect(complaints).toEqual([]);
  });
});

describe('everybody', () => {
  it('can read it on a phone', async () => {
    const shop = await Shop.open({ page: { guard: CookieGuard } });
    const { page } = await browser.open(shop.page, {
      viewport: { width: 360, height: 740 },
      hasTouch: true,
      isMobile: true,
    });
    await live(page);

    await rowOf(page, 'charge').locator('button.name').tap();
    await rowOf(page, 'charge').locator('.details').waitFor();

    expect(await widthOf(page)).toBe(360);
  });

  it('can use it by keyboard', async () => {
    const shop = await Shop.open();
    const { page } = await browser.open(shop.page);
    await live(page);

    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('button.name').first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');

    expect(await page.locator('button.name').nth(1).getAttribute('aria-expanded')).toBe('true');
    expect(await page.evaluate('location.hash')).toBe('#methods');
  });

  it('sees it in light and in dark, with enough contrast in both', async () => {
    const shop = await Shop.open();
    const contrasts: number[] = [];
    const { page } = await browser.open(shop.page);
    await live(page);

    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      contrasts.push(...(await contrastsOf(page)));
    }

    expect(Math.min(...contrasts)).toBeGreaterThanOrEqual(4.5);
  });
});

/** The width of what the page holds. */
function widthOf(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth');
}

/** Contrast of texts of several tones with what is behind them, by the formula of WCAG 2. */
function contrastsOf(page: Page): Promise<number[]> {
  return page.evaluate(`(() => {
    const light = (text) => {
      const [r, g, b] = text.match(/[\\d.]+/g).map((each) => Number(each) / 255)
        .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
      const color = getComputedStyle(element).backgroundColor;
      return /, 0\\)$/.test(color) ? behind(element.parentElement) : color;
    };
    const texts = document.querySelectorAll('h1, h2, h3, .quiet, .state, .pill, #verdict, td, .chip, .facts-line');
    return [...texts].filter((each) => each.checkVisibility() && each.textContent.trim() !== '').map((each) => {
      const pair = [light(getComputedStyle(each).color), light(behind(each))].sort((a, b) => b - a);
      return (pair[0] + 0.05) / (pair[1] + 0.05);
    });
  })()`);
}
