import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { packageVersion } from '../../../native/host/package-root.ts';
import { WEFT } from '../../support/processes.ts';

/** No agent starts: each line has one word that nobody knows. */
function ran(words: readonly string[], env: Readonly<Record<string, string>> = {}): object {
  const { status, stdout, stderr } = spawnSync(WEFT, words, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...env },
    timeout: 30_000,
  });
  return { status, stdout, stderr };
}

describe.each(['flanneld', 'explain-iface'])('weft %s gets every word of a flanneld unit', (name) => {
  const refused = { status: 2, stdout: '', stderr: `weft ${name}: colour: unknown setting\n` };

  test.each([
    { words: ['-v=4'] },
    { words: ['-v', '4'] },
    { words: ['--ip-masq', '-v=10', '-vmodule=main=4'] },
    { words: ['--iface', '-v'] },
  ])('$words', ({ words }) => {
    expect(ran([name, ...words, '--colour=red'])).toEqual(refused);
  });
});

test.each(['-version', '--version'])('weft flanneld %s', (word) => {
  expect(ran(['flanneld', word])).toEqual({ status: 0, stdout: `weft ${packageVersion()}\n`, stderr: '' });
});
