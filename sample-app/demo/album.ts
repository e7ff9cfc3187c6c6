import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { type FaultPlan, phaseWith } from '../upstreams/fault-plan.js';
import type { Watch } from './run.js';

const BROWSERS = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
];
const SIZE = { width: 1_440, height: 900 };
/** The page needs a moment to be there. */
const OPENS_BEFORE_MS = 3_000;
const TAKEN_BEFORE_MS = 200;

/** Pictures of a run, in a folder. The live page is taken only where there is a Chromium. */
export class Album {
  private constructor(
    private readonly folder: string,
    private readonly browser: Browser | undefined,
  ) {}

  static async open(folder: string): Promise<Album> {
    await mkdir(folder, { recursive: true });
    return new Album(folder, await headlessChromium());
  }

  /** Takes the live page at the height of the outage, and after the recovery. */
  watcher(plan: FaultPlan): Watch | undefined {
    const { browser } = this;
    if (browser === undefined) return undefined;
    const { endsMs } = phaseWith(plan, 'outage');
    return async (shop, until) => {
      await until(endsMs - OPENS_BEFORE_MS);
      const page = await browser.newPage({ viewport: SIZE, deviceScaleFactor: 2 });
      await page.goto(shop.page);
      await page.locator('tbody.method').first().waitFor();
      await until(endsMs - TAKEN_BEFORE_MS);
      await this.take(page, 'outage.png');
      await until(plan.durationMs - TAKEN_BEFORE_MS);
      await this.take(page, 'recovered.png');
    };
  }

  /** Keeps a text, and says where all pictures are. */
  async keep(name: string, text: string): Promise<string> {
    await writeFile(join(this.folder, name), text);
    const page = this.browser === undefined ? '' : ', outage.png and recovered.png (the live page)';
    return `  pictures in ${this.folder}: ${name}${page}\n`;
  }

  async close(): Promise<void> {
    await this.browser?.close();
  }

  private async take(page: Page, name: string): Promise<void> {
    await page.screenshot({ path: join(this.folder, name) });
  }
}

async function headlessChromium(): Promise<Browser | undefined> {
  const executablePath = BROWSERS.find((path) => path !== undefined && existsSync(path));
  if (executablePath === undefined) return undefined;
  try {
    const { chromium } = await import('playwright-core');
    return await chromium.launch({ executablePath, args: FLAGS });
  } catch {
    return undefined; // the pictures are an extra: the demo does not need them
  }
}
