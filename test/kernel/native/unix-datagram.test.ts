import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { notifySupervisor } from '../../../native/host/supervisor.ts';
import { receiveDatagrams } from '../../support/datagrams.ts';
import { until } from '../../support/until.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-test-datagram-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test.each([
  { name: 'a path', pathIn: (inside: string) => join(inside, 'notify') },
  { name: 'an abstract name', pathIn: (inside: string) => `@${inside}` },
  { name: 'a path of 107 bytes', pathIn: (inside: string) => `${inside}/`.padEnd(107, 'x') },
])('a datagram arrives at $name', async ({ pathIn }) => {
  const path = pathIn(folder);
  await using receiver = await receiveDatagrams(path, folder);
  notifySupervisor(path, 'READY=1');
  notifySupervisor(path, 'STATUS=of käse');
  await until(() => receiver.lines().length === 2, { what: 'both are there' });
  expect(receiver.lines()).toEqual(['file: READY=1', 'file: STATUS=of käse']);
});

test.each([
  { path: '/nowhere/notify', text: 'x', error: { errno: 2, syscall: 'sendto' } },
  { path: '@weft-test-nobody', text: 'x', error: { errno: 111, syscall: 'sendto' } },
  { path: 'x'.repeat(108), text: 'x', error: { errno: 22 } },
  { path: '', text: 'x', error: { errno: 22 } },
  { path: '/dev/null', text: '', error: { errno: 22 } },
])('"$path" takes nothing: errno $error.errno', ({ path, text, error }) => {
  let thrown: unknown;
  try {
    notifySupervisor(path, text);
  } catch (caught) {
    thrown = caught;
  }
  expect(thrown).toMatchObject(error);
});
