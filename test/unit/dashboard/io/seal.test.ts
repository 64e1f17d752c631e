import { mkdtemp, readFile, rm, stat, writeFile, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HostFileError } from '../../../../native/host/atomic-file.ts';
import { FatalError } from '../../../../native/host/lifecycle.ts';
import { lockedChannel } from '../../../../dashboard/io/notify/channel-schema.ts';
import { openSeal, Seal } from '../../../../dashboard/io/seal.ts';
import { openStateStore } from '../../../../dashboard/io/state-store.ts';

const KEY = Buffer.alloc(32, 7);
const SECRET_URL = 'https://hooks.slack.com/services/T000/B000/whoever-has-this-may-post';

let folder: string;
const faults: unknown[] = [];
const open = () => openStateStore(folder, (_, error) => faults.push(error));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-test-seal-'));
  faults.length = 0;
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const channel = (url = SECRET_URL) =>
  ({
    kind: 'channel',
    id: 'c1',
    updatedAtUnixMs: 1,
    value: { type: 'slack', name: 'ops', sendResolved: true, enabled: true, url },
  }) as const;

/** All that the state folder says of channels, its key left out. */
async function onDisk(): Promise<string> {
  const files = ['dashboard.db', 'dashboard.db-wal', 'dashboard.db-shm'];
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'latin1').catch(() => '')));
  return texts.join('');
}

describe('a sealed text', () => {
  test('opens under its key and for its place, and is another one each time', () => {
    const seal = new Seal(KEY);
    const sealed = seal.close('whsec_ä', 'channel/c1');
    expect(seal.open(sealed, 'channel/c1')).toBe('whsec_ä');
    expect(seal.close('whsec_ä', 'channel/c1')).not.toBe(sealed);
    expect(sealed).not.toContain('whsec');
  });

  const sealed = new Seal(KEY).close('a secret', 'channel/c1');
  const changed = `${sealed.slice(0, -2)}${sealed.endsWith('AA') ? 'BB' : 'AA'}`;
  test.each([
    { name: 'another key', key: Buffer.alloc(32, 8), text: sealed, place: 'channel/c1' },
    { name: 'another place', key: KEY, text: sealed, place: 'channel/c2' },
    { name: 'a text that was changed', key: KEY, text: changed, place: 'channel/c1' },
    { name: 'half of it', key: KEY, text: sealed.slice(0, 30), place: 'channel/c1' },
    { name: 'another version', key: KEY, text: sealed.replace('v1', 'v9'), place: 'channel/c1' },
  ])('$name does not open it', ({ key, text, place }) => {
    expect(new Seal(key).open(text, place)).toBeUndefined();
  });
});

describe('the key', () => {
  test('is made once, 0600, and is the same afterwards', async () => {
    const path = join(folder, 'channel-key');
    const made = openSeal(path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await chmod(path, 0o644);
    expect(openSeal(path).keyName).toBe(made.keyName);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('that is no key is one sentence with the way out', async () => {
    const path = join(folder, 'channel-key');
    await writeFile(path, 'short\n');
    expect(() => openSeal(path)).toThrow(FatalError);
    expect(() => openSeal(path)).toThrow(/channel-key is not usable: expected 32 bytes in base64/);
  });

  test('that cannot be made says which file and why', () => {
    const path = join(folder, 'missing', 'channel-key');
    expect(() => openSeal(path)).toThrow(HostFileError);
    expect(() => openSeal(path)).toThrow(path);
  });
});

describe('channels on the disk', () => {
  test('hold no secret that can be read, and come back whole', async () => {
    {
      using store = open();
      store.documents.put(channel());
    }
    expect(await onDisk()).toContain('"ops"');
    expect(await onDisk()).not.toContain('whoever-has-this');
    using again = open();
    expect(again.documents.get('channel', 'c1')).toEqual(channel());
    expect(faults).toEqual([]);
  });

  test('of before are sealed at the next start, and nothing of them is left in the file', async () => {
    open()[Symbol.dispose]();
    {
      using database = new DatabaseSync(join(folder, 'dashboard.db'));
      const put = database.prepare('INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?)');
      put.run('channel', 'c0', 1, JSON.stringify(channel().value));
      database.exec("DELETE FROM documents WHERE id = 'c0'");
      put.run('channel', 'c1', 1, JSON.stringify(channel().value));
    }
    expect(await onDisk()).toContain('whoever-has-this');
    using store = open();
    expect(await onDisk()).not.toContain('whoever-has-this');
    expect(store.documents.get('channel', 'c1')).toEqual(channel());
  });

  test('whose key is lost keep what is no secret until they are written again, or the key comes back', async () => {
    {
      using store = open();
      store.documents.put(channel());
    }
    const path = join(folder, 'channel-key');
    const key = await readFile(path);
    await rm(path);
    {
      using store = open();
      const { type, name, sendResolved, enabled } = channel().value;
      const rest = { type, name, sendResolved, enabled };
      expect(store.documents.get('channel', 'c1')?.value).toEqual(rest);
      expect(store.documents.isLocked('channel', 'c1')).toBe(true);
      expect(lockedChannel(rest)).toMatchObject({ type: 'slack', name: 'ops' });
    }
    await writeFile(path, key);
    {
      using store = open();
      expect(store.documents.get('channel', 'c1')).toEqual(channel());
    }
    await rm(path);
    using store = open();
    store.documents.put(channel('https://new/'));
    expect(store.documents.isLocked('channel', 'c1')).toBe(false);
  });
});

test.each([
  { type: 'webhook', name: 'a' },
  { type: 'pagerduty', name: 'a' },
  { type: 'alertmanager', name: 'a' },
  { type: 'email', name: 'a', host: 'mx', from: 'a@b.c', to: ['a@b.c'] },
])('a $type without its secrets is known by name', (value) => {
  expect(lockedChannel(value)).toMatchObject(value);
});
