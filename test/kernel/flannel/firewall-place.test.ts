import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeFirewallPlace } from '../../../flannel/io/firewall-place.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-test-place-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const take = (agent: string): ReturnType<typeof takeFirewallPlace> => takeFirewallPlace(join(folder, agent));

test('agents beside each other get different places, and each its own again', async () => {
  const before = await (async () => {
    await using first = await take('a');
    await using other = await take('b');
    return [first?.place ?? 0, other?.place ?? 0] as const;
  })();
  expect(before[0]).toBeLessThan(before[1]);
  await using other = await take('b');
  await using first = await take('a');
  expect([first?.place, other?.place]).toEqual(before);
});

test('a place that somebody else has is not waited for; a damaged file is none', async () => {
  await using first = await take('a');
  await using other = await take('b');
  await writeFile(join(folder, 'b', 'firewall-place'), `${first?.place ?? 0}\n`);
  await using third = await take('b');
  expect(new Set([first?.place, other?.place, third?.place]).size).toBe(3);
  await writeFile(join(folder, 'a', 'firewall-place'), '99\n');
  await using fourth = await take('a');
  expect(fourth?.place).toBeGreaterThan(third?.place ?? 0);
});
