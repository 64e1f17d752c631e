import { AxeBuilder } from '@axe-core/playwright';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import { packageRoot } from '../../native/host/package-root.ts';

const SCREENSHOTS = join(packageRoot(), 'test/browser/screenshots');

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 } as const;

/** How people look at the page. */
export const LOOKS: Readonly<Record<string, BrowserContextOptions>> = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  narrow: { colorScheme: 'light', ...PHONE },
  'narrow-dark': { colorScheme: 'dark', ...PHONE },
};

/** What axe calls serious or worse, with the elements that it is about. */
export async function graveFindings(page: Page): Promise<string[]> {
  // A page of its own for each report is there for frames of other origins, of which there are none; with the report of what passed
  // it took two thirds of the time.
  const axe = new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ['violations'] });
  const { violations } = await axe.analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

/** Keeps a picture of the page for people to look at. */
export async function screenshot(page: Page, name: string, fullPage = true): Promise<void> {
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage });
}

/** The view is accessible and fits the page; a picture of it is kept under its name. */
export async function judge(page: Page, name: string, fullPage = true): Promise<void> {
  expect(await graveFindings(page)).toEqual([]);
  expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), name).toBeLessThanOrEqual(0);
  await screenshot(page, name, fullPage);
}
