import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TlsFiles, type TlsPaths } from '../../../native/etcd/tls.ts';
import { systemClock } from '../../../native/host/clock.ts';
import { makeAuthority } from '../../support/certificates.ts';

let folder: string;
let paths: TlsPaths & { readonly ca: string; readonly cert: string; readonly key: string };
let other: { readonly cert: string; readonly key: string };
let nowMs: number;
let notices: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-tls-'));
  const authority = makeAuthority(folder);
  paths = { ca: authority.ca, ...authority.issue({ name: 'client' }) };
  other = authority.issue({ name: 'other' });
  nowMs = 0;
  notices = [];
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const open = (of: TlsPaths = paths): Promise<TlsFiles> =>
  TlsFiles.open({
    paths: of,
    clock: { ...systemClock, monotonicMs: () => nowMs },
    onNotice: (sentence) => notices.push(sentence),
  });

async function look(files: TlsFiles): Promise<boolean> {
  nowMs += 1_000;
  return files.refresh();
}

test('files that change are read again', async () => {
  const files = await open();
  expect(await look(files)).toBe(false);
  const before = files.current;
  await rename(other.cert, paths.cert);
  await rename(other.key, paths.key);
  expect(await files.refresh()).toBe(false); // a look a second
  expect(await look(files)).toBe(true);
  expect(files.current.cert?.equals(before.cert ?? Buffer.of())).toBe(false);
  expect(files.current.ca).toEqual(before.ca);
  expect([await look(files), notices]).toEqual([false, ['the etcd TLS files have changed; the new ones are in use']]);
});

test('a renewal that is under way is no fault', async () => {
  const files = await open();
  await rename(other.cert, paths.cert);
  expect(await look(files)).toBe(false);
  await rename(other.key, paths.key);
  expect(await look(files)).toBe(true);
  expect(notices).toHaveLength(1);
});

test.each([
  {
    name: 'certificate and key are no pair',
    spoil: () => rename(other.key, paths.key),
    want: /are no pair: .*; the ones/,
  },
  {
    name: 'the CA is no PEM',
    spoil: () => writeFile(paths.ca, 'garbage'),
    want: /^the etcd CA file .*ca\.pem holds no certificate in PEM; the ones read before stay in use$/,
  },
  { name: 'a file is gone', spoil: () => rm(paths.cert), want: /^cannot read the etcd certificate file: ENOENT/ },
])('$name: the old ones stay in use, told once', async ({ spoil, want }) => {
  const files = await open();
  const before = files.current;
  await spoil();
  for (let looks = 0; looks < 4; looks++) expect(await look(files)).toBe(false);
  expect(files.current).toBe(before);
  expect(notices).toEqual([expect.stringMatching(want)]);
});

test('unusable files at the start are one sentence', async () => {
  await expect(open({ ...paths, key: other.key })).rejects.toThrow(
    /certificate .*client\.pem and the key .*other\.key are no pair/,
  );
  await expect(open({ ...paths, ca: join(folder, 'none') })).rejects.toThrow(/^cannot read the etcd CA file: ENOENT/);
});

test('without files there is nothing to look at', async () => {
  const files = await open({ ca: undefined, cert: undefined, key: undefined });
  expect([files.current, await look(files)]).toEqual([{ ca: undefined, cert: undefined, key: undefined }, false]);
});
