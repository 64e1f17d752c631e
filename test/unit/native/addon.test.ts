import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AddonError, loadAddon } from '../../../native/addon.ts';

async function inTemporaryRoot(check: (root: string) => void, content?: string): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'weft-test-addon-'));
  try {
    const folder = join(root, 'native/build/Release');
    await mkdir(folder, { recursive: true });
    if (content !== undefined) await writeFile(join(folder, 'weft.node'), content);
    check(root);
  } finally {
    await rm(root, { recursive: true });
  }
}

test('a missing addon says what to run', async () => {
  await inTemporaryRoot((root) => {
    expect(() => loadAddon(root)).toThrow(AddonError);
    expect(() => loadAddon(root)).toThrow(/is missing: run "npm run build:native"/);
  });
});

test('an addon that does not load says why and what to run', async () => {
  await inTemporaryRoot((root) => {
    expect(() => loadAddon(root)).toThrow(/does not load \(.*\): run "npm run build:native"/);
  }, 'not a shared object');
});
