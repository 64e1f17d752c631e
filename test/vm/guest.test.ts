import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../native/host/package-root.ts';
import { prepareMachine, runInGuest } from './machine.ts';
import { parseTap, type TapResult } from './tap.ts';

/** A run takes some five minutes, most of it the start of agents under emulation; a busy machine is slower. */
const LIMIT_MS = 900_000;
const files = readdirSync(join(packageRoot(), 'test/vm/guest'))
  .filter((name) => name.endsWith('.guest.ts'))
  .toSorted();

/** Runs every guest file with the pinned Node in one machine; the tests below are its tests. */
async function guestResults(): Promise<TapResult[]> {
  if (!existsSync(join(packageRoot(), 'dist/cli/main.js')))
    throw new RangeError('the guest runs the built weft: npm run build:server');
  prepareMachine();
  const commands = files.map(
    (name) => `node_modules/.bin/node --test-reporter=tap --test-force-exit test/vm/guest/${name} || failed=1`,
  );
  const { status, output } = await runInGuest(['failed=0', ...commands, 'exit $failed'].join('\n'), LIMIT_MS);
  const results = parseTap(output);
  const failures = results.filter((result) => result.outcome === 'failed').length;
  if (results.length === 0 || (status !== 0 && failures === 0))
    throw new RangeError(
      `the guest's tests ended with ${status} and ${results.length} results:\n${output.slice(-8000)}`,
    );
  return results;
}

const results = await guestResults();

describe('in a machine of its own: cgroup v2 only, wireguard and ipip', () => {
  test.each(results)('$name', ({ outcome, detail }) => {
    expect(outcome, detail).toBe('passed');
  });
});
