import { spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, closeSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../../native/host/package-root.ts';

/** An agent's log on its stderr; `between` runs after the first line. */
const script = (between: string): string => `
  import { unlinkSync } from 'node:fs';
  import { createLogger } from '${join(packageRoot(), 'native/host/log.ts')}';
  const log = createLogger({ name: 'test', level: 'info' });
  log.info('first');
  ${between}
  log.warn('second');
  process.stdout.write('alive');
`;
const node = (between: string): string[] => [process.execPath, '--input-type=module', '-e', script(between)];

test('a log that cannot be written is no reason to end', () => {
  const full = openSync('/dev/full', 'w');
  const [file = '', ...rest] = node('');
  const { status, stdout } = spawnSync(file, rest, { encoding: 'utf8', stdio: ['ignore', 'pipe', full] });
  closeSync(full);
  expect([status, stdout]).toEqual([0, 'alive']);
});

test('what could not be written is written when the disk has room again', () => {
  const folder = mkdtempSync(join(tmpdir(), 'weft-test-log-'));
  const mounted = 'mount -t tmpfs -o size=8k none "$0"; cd "$0"; head -c 8192 /dev/zero > filler; "$@" 2> log; cat log';
  const { stdout } = spawnSync('unshare', ['-m', 'sh', '-c', mounted, folder, ...node("unlinkSync('filler');")], {
    encoding: 'utf8',
  });
  rmSync(folder, { recursive: true });
  expect(stdout).toMatch(/^alive\{.*"msg":"first"\}\n\{.*"msg":"second"\}\n$/);
});
