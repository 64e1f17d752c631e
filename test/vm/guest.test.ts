import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../native/host/package-root.ts';
import { prepareMachine, runInGuest } from './machine.ts';
import { parseTap, type TapResult } from './tap.ts';

/** A file takes up to five minutes, most of it the start of agents under emulation; a busy machine is slower. */
const LIMIT_MS = 900_000;
const files = readdirSync(join(packageRoot(), 'test/vm/guest'))
  .filter((name) => name.endsWith('.guest.ts'))
  .toSorted();

/** One to a processor: a machine has one of its own. */
const MACHINES = 2;

/** Runs a guest file with the pinned Node in a machine of its own. */
async function resultsOf(file: string): Promise<TapResult[]> {
  const command = `node_modules/.bin/node --test-reporter=tap --test-force-exit test/vm/guest/${file}`;
  const { status, output } = await runInGuest(command, LIMIT_MS);
  const results = parseTap(output);
  const failures = results.filter((result) => result.outcome === 'failed').length;
  if (results.length === 0 || (status !== 0 && failures === 0))
    throw new RangeError(`${file} ended with ${status} and ${results.length} results:\n${output.slice(-8000)}`);
  return results;
}

/** Runs every guest file; overlay, the first in the alphabet, is also the longest. The tests below are their tests. */
async function guestResults(): Promise<TapResult[]> {
  if (!existsSync(join(packageRoot(), 'dist/cli/main.js')))
    throw new RangeError('the guest runs the built weft: npm run build:server');
  prepareMachine();
  const results = new Map<string, TapResult[]>();
  const waiting = [...files];
  const runNext = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift())
      results.set(file, await resultsOf(file));
  };
  await Promise.all(Array.from({ length: MACHINES }, runNext));
  return files.flatMap((file) => results.get(file) ?? []);
}

const results = await guestResults();

describe('in a machine of its own: cgroup v2 only, wireguard and ipip', () => {
  test.each(results)('$name', ({ outcome, detail }) => {
    expect(outcome, detail).toBe('passed');
  });
});
