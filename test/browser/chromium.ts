import { existsSync } from 'node:fs';
import { afterAll, beforeAll } from '@jest/globals';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const BINARIES = [
  process.env['CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
// As root there is no sandbox; without the others Chromium looks for hosts of its maker at every start.
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A Chromium for the tests of one file. */
export class TestBrowser {
  private browser: Browser | undefined;

  constructor() {
    beforeAll(async () => {
      const executablePath = BINARIES.find((path) => path !== '' && existsSync(path));
      if (executablePath === undefined) throw new Error('no Chromium found: npm run test:browser says how');
      this.browser = await chromium.launch({ executablePath, args: FLAGS });
    });
    afterAll(async () => this.browser?.close());
  }

  /** A page of a visitor of its own; what its console and its policy complain of is an error of the test. */
  async open(
    url: string,
    options: BrowserContextOptions = {},
  ): Promise<{ page: Page; complaints: string[] }> {
    if (this.browser === undefined) throw new Error('the browser has not started');
    const context = await this.browser.newContext(options);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(url);
    return { page, complaints };
  }
}
