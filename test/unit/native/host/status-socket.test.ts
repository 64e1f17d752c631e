import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startStatusSocket } from '../../../../native/host/status-server.ts';
import { readStatusSocket, StatusSocketError } from '../../../../native/host/status-socket.ts';

const parts = {
  unhealthy: () => undefined,
  unready: () => 'not yet',
  metrics: () => ['weft_up 1\n'],
  documents: { '/status': () => ({ v: 1, text: 'ü'.repeat(100_000) }) },
};

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-unit-socket-'));
  path = join(folder, 'run', 'status.sock');
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** How asking fails. */
async function failure(at: string, urlPath = '/status'): Promise<{ message: string; nobodyListens: boolean }> {
  const error: unknown = await readStatusSocket(at, urlPath).catch((reason: unknown) => reason);
  if (!(error instanceof StatusSocketError)) throw error;
  return { message: error.message, nobodyListens: error.nobodyListens };
}

test('answers its owner, whole, and takes its file along', async () => {
  {
    await using _socket = await startStatusSocket(parts, path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readStatusSocket(path, '/status'))).toEqual(parts.documents['/status']());
  }
  expect(existsSync(path)).toBe(false);
});

test('what is no 200 is an error with its text', async () => {
  await using _socket = await startStatusSocket(parts, path);
  expect(await failure(path, '/readyz')).toEqual({
    message: `${path}: answered /readyz with 503: not yet`,
    nobodyListens: false,
  });
});

test('a second one of the same path is refused, and the first goes on', async () => {
  await using _first = await startStatusSocket(parts, path);
  await expect(startStatusSocket(parts, path)).rejects.toThrow(`${path}: another process listens there`);
  expect(await readStatusSocket(path, '/metrics')).toBe('weft_up 1\n');
});

test('one that a killed process left is replaced', async () => {
  const leave = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  execFileSync('mkdir', ['-p', join(folder, 'run')]);
  expect(() => execFileSync(process.execPath, ['-e', leave])).toThrow();
  expect(existsSync(path)).toBe(true);
  expect(await failure(path)).toEqual({ message: `${path}: nobody listens there`, nobodyListens: true });
  await using _socket = await startStatusSocket(parts, path);
  expect(await readStatusSocket(path, '/metrics')).toBe('weft_up 1\n');
});

test('a file that is no socket is left alone', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, 'mine');
  await expect(startStatusSocket(parts, file)).rejects.toThrow(`${file}: there is a file that is no socket`);
  expect(existsSync(file)).toBe(true);
});

test('a path that no socket can have', async () => {
  const long = `/${'x'.repeat(107)}`;
  await expect(startStatusSocket(parts, long)).rejects.toThrow(`${long}: a socket's path has at most 107 bytes`);
});

test('nobody there', async () => {
  expect(await failure(path)).toEqual({ message: `${path}: there is no such socket`, nobodyListens: true });
});
