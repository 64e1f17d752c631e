import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BackupRefused, makeBackup, parseBackup, restoreBackup } from '../../../../../dashboard/io/backup/backup.ts';
import type { DocumentKind } from '../../../../../dashboard/io/documents.ts';
import { CHANNEL_KEY_FILE, openStateStore, type StateStore } from '../../../../../dashboard/io/state-store.ts';

const NOW = Date.parse('2026-11-28T10:00:00Z');
const grant = { role: 'admin', source: 'local', createdAtUnixMs: 1 };
const view = { query: 'q=a', page: 'containers', by: 'ann' };

/** Of every kind one, and what has to stay behind. */
const DOCUMENTS: readonly (readonly [DocumentKind, string, object])[] = [
  ['rule', 'r1', { id: 'r1', name: 'Mine', metric: 'cpuCores', op: '>', threshold: 1, severity: 'info' }],
  [
    'silence',
    's1',
    {
      id: 's1',
      matchers: [{ name: 'host', value: 'h1', isRegex: false, isEqual: true }],
      startsAtUnixMs: 1,
      endsAtUnixMs: 2,
      updatedAtUnixMs: 1,
      createdBy: 'ann',
      comment: 'c',
      annotations: {},
    },
  ],
  ['mute', 'nights', { name: 'nights', timeIntervals: [{ times: [{ start: '22:00', end: '24:00' }] }] }],
  ['channel', 'c1', { type: 'slack', name: 'ops', sendResolved: true, enabled: true, url: 'https://x.example/hidden' }],
  ['user', 'u1', { name: 'ann', ...grant, password: 'scrypt$hidden' }],
  ['view', 'v1', { name: 'mine', ...view, shared: false, owner: 'user:u1' }],
  ['view', 'v2', { name: 'shared', ...view, shared: true, owner: 'token:t1' }],
  ['view', 'v3', { name: 'of a token', ...view, shared: false, owner: 'token:t1' }],
  [
    'token',
    't1',
    { use: 'api', name: 't', role: 'viewer', createdAtUnixMs: 1, createdBy: 'ann', secrets: [{ digest: 'hidden' }] },
  ],
  ['session', 'x', { digest: 'hidden' }],
  ['entry', 'e', { groupKey: 'hidden' }],
];

const open = (folder: string): StateStore =>
  openStateStore(folder, (record) => {
    throw new RangeError(record);
  });
const made = (store: StateStore) => makeBackup(store.documents, { weft: '1.2.3', nowUnixMs: NOW });

let from: string;
let to: string;
let text: string;

beforeEach(async () => {
  from = await mkdtemp(join(tmpdir(), 'weft-test-backup-'));
  to = await mkdtemp(join(tmpdir(), 'weft-test-restore-'));
  using store = open(from);
  for (const [kind, id, value] of DOCUMENTS) store.documents.put({ kind, id, updatedAtUnixMs: 7, value });
  text = JSON.stringify(made(store));
});

afterEach(async () => {
  await Promise.all([from, to].map((folder) => rm(folder, { recursive: true, force: true })));
});

test('what cannot be derived is in it, and no credential', () => {
  const { documents, ...head } = parseBackup(text);
  expect(head).toEqual({
    format: 'weft-dashboard-backup',
    version: 1,
    weft: '1.2.3',
    madeAt: new Date(NOW).toISOString(),
  });
  expect(documents.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
    'channel c1',
    'mute nights',
    'rule r1',
    'silence s1',
    'user u1',
    'view v1',
    'view v2',
  ]);
  expect(text).not.toContain('hidden');
});

test('restored with the key it is the same again, the channel with its address; but for passwords', async () => {
  await copyFile(join(from, CHANNEL_KEY_FILE), join(to, CHANNEL_KEY_FILE));
  {
    using store = open(to);
    restoreBackup(store.documents, parseBackup(text));
  }
  using store = open(to);
  for (const [kind, id, value] of DOCUMENTS.slice(0, 7)) {
    const rest = Object.fromEntries(Object.entries(value).filter(([name]) => name !== 'password'));
    expect(store.documents.get(kind, id)).toEqual({ kind, id, updatedAtUnixMs: 7, value: rest });
  }
  expect(JSON.stringify(made(store))).toBe(text);
});

test('without the key the channel is there, and says that its secrets are not', () => {
  {
    using store = open(to);
    restoreBackup(store.documents, parseBackup(text));
  }
  using store = open(to);
  expect(store.documents.isLocked('channel', 'c1')).toBe(true);
  expect(store.documents.get('channel', 'c1')?.value).toMatchObject({ name: 'ops' });
});

test('a store that has something is left as it is', () => {
  using store = open(from);
  expect(() => {
    restoreBackup(store.documents, parseBackup(text));
  }).toThrow(
    'there is something already: 1 rule, 1 silence, 1 mute window, 1 channel, 1 user, 2 saved views; expected a folder without',
  );
});

describe('a backup that cannot be taken', () => {
  interface Edited {
    version: number;
    documents: { kind: string; id: string; value: Record<string, unknown> }[];
  }
  const edited = (edit: (backup: Edited) => void): string => {
    const backup = JSON.parse(text) as Edited;
    edit(backup);
    return JSON.stringify(backup);
  };
  const of = (backup: Edited, kind: string) => backup.documents.find((each) => each.kind === kind)!;

  test.each([
    { name: 'no JSON', input: () => '{', want: /^it is no JSON: / },
    { name: 'something else', input: () => '[]', want: /expected "format": "weft-dashboard-backup"/ },
    { name: 'of a later weft', input: () => edited((b) => (b.version = 2)), want: /^version: expected 1, got 2/ },
    {
      name: 'a rule that is none',
      input: () => edited((b) => (of(b, 'rule').value['metric'] = 'x')),
      want: /^documents\.2\.value\.metric \(rule\): /,
    },
    {
      name: 'a channel in clear text',
      input: () => edited((b) => delete of(b, 'channel').value['sealed']),
      want: /^documents\.0\.value\.sealed \(channel\): /,
    },
    {
      name: 'a password that somebody put in',
      input: () => edited((b) => (of(b, 'user').value['password'] = 'scrypt$x')),
      want: /^documents\.4\.value \(user\): .*password/,
    },
    {
      name: 'a token that somebody put in',
      input: () => edited((b) => (of(b, 'user').kind = 'token')),
      want: /^documents\.4\.kind: /,
    },
    {
      name: 'one document twice',
      input: () => edited((b) => b.documents.push(b.documents[0]!)),
      want: /^documents: channel c1 is there twice$/,
    },
  ])('$name', ({ input, want }) => {
    expect(() => parseBackup(input())).toThrow(BackupRefused);
    expect(() => parseBackup(input())).toThrow(want);
  });
});
