import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Auth, LOGIN_TOKEN_MS, SESSION_MS } from '../../../../dashboard/io/auth.ts';
import { readOrMakeToken, requireToken } from '../../../../dashboard/io/token-files.ts';
import { FatalError } from '../../../../native/host/lifecycle.ts';

let folder: string;
let nowMs = 1_000_000;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-test-auth-'));
  nowMs = 1_000_000;
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function revokedIn(memory: Map<string, number>) {
  return {
    revokeSession: (id: string, until: number) => void memory.set(id, until),
    revokedSessions: () => new Map(memory),
  };
}

function anAuth(over: { sessionKey?: string; revoked?: Map<string, number> } = {}): Auth {
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, sleep: () => Promise.resolve() };
  const tokens = {
    agentToken: 'agent-token-0123456789',
    apiToken: 'api-token-0123456789',
    loginToken: 'login-token-0123456789',
  };
  return new Auth({
    ...tokens,
    sessionKey: over.sessionKey ?? 'session-key-0123456789',
    loginTokenFile: join(folder, 'login-token'),
    revoked: revokedIn(over.revoked ?? new Map<string, number>()),
    clock,
  });
}

test.each([
  ['agent-token-0123456789', true],
  ['agent-token-012345678', false],
  ['', false],
  ['api-token-0123456789', false],
])('agent token %j: %s', (token, want) => {
  expect(anAuth().isAgent(token)).toBe(want);
});

test.each([
  ['Bearer api-token-0123456789', true],
  ['bearer api-token-0123456789', true],
  ['Bearer  api-token-0123456789', true],
  ['api-token-0123456789', false],
  ['Basic api-token-0123456789', false],
  ['Bearer agent-token-0123456789', false],
  ['Bearer', false],
  [undefined, false],
])('authorization %j: %s', (header, want) => {
  expect(anAuth().isApi(header)).toBe(want);
});

describe('logins', () => {
  test('the printed token works once, its file goes, and the session outlives the process', async () => {
    await writeFile(join(folder, 'login-token'), 'x');
    const auth = anAuth();
    const login = await auth.login('login-token-0123456789');
    expect(existsSync(join(folder, 'login-token'))).toBe(false);
    expect(await auth.login('login-token-0123456789')).toBeUndefined();
    expect(anAuth().session(login!.cookie)).toEqual(login!.session);
  });

  test('of two that come at once one gets in', async () => {
    const auth = anAuth();
    const logins = await Promise.all([auth.login('login-token-0123456789'), auth.login('login-token-0123456789')]);
    expect(logins.filter((login) => login !== undefined)).toHaveLength(1);
  });

  test('a token of the API works once and for an hour', async () => {
    const auth = anAuth();
    const [first, second] = [auth.newLoginToken(), auth.newLoginToken()];
    expect(await auth.login(first)).toBeDefined();
    expect(await auth.login(first)).toBeUndefined();
    nowMs += LOGIN_TOKEN_MS + 1;
    expect(await auth.login(second)).toBeUndefined();
  });

  test('only so many wait, and the printed one is never pushed out', async () => {
    const auth = anAuth();
    const first = auth.newLoginToken();
    for (let count = 0; count < 150; count += 1) auth.newLoginToken();
    expect(await auth.login(first)).toBeUndefined();
    expect(await auth.login('login-token-0123456789')).toBeDefined();
  });
});

describe('sessions', () => {
  async function aCookie(auth = anAuth()): Promise<string> {
    return (await auth.login(auth.newLoginToken()))!.cookie;
  }

  test.each([
    {
      name: 'another signature',
      forge: (cookie: string) => `${cookie.slice(0, -1)}${cookie.endsWith('A') ? 'B' : 'A'}`,
    },
    {
      name: 'a later end',
      forge: (cookie: string) => cookie.replace(/\.(\d+)\./, (_, end: string) => `.${Number(end) + 1}.`),
    },
    { name: 'another id', forge: (cookie: string) => `${'x'.repeat(43)}${cookie.slice(43)}` },
    { name: 'no signature', forge: (cookie: string) => cookie.split('.').slice(0, 2).join('.') },
    { name: 'one part more', forge: (cookie: string) => `${cookie}.x` },
    { name: 'nothing', forge: () => '' },
  ])('$name is no session', async ({ forge }) => {
    expect(anAuth().session(forge(await aCookie()))).toBeUndefined();
  });

  test('ends after twelve hours, with the key, and with a logout that a restart remembers', async () => {
    const revoked = new Map<string, number>();
    const auth = anAuth({ revoked });
    const cookie = await aCookie(auth);
    expect(anAuth({ sessionKey: 'another-key-0123456789' }).session(cookie)).toBeUndefined();
    const session = auth.session(cookie)!;
    auth.logout(session);
    expect(auth.session(cookie)).toBeUndefined();
    expect(anAuth({ revoked }).session(cookie)).toBeUndefined();
    const other = await aCookie(auth);
    nowMs += SESSION_MS;
    expect(auth.session(other)).toBeUndefined();
  });
});

describe('token files', () => {
  test('made once, mode 0600, and kept', async () => {
    const path = join(folder, 'sub', 'api-token');
    const made = await readOrMakeToken(path);
    expect(made).toMatch(/^[\w-]{43}$/);
    expect(await readOrMakeToken(path)).toBe(made);
    const { statSync } = await import('node:fs');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test.each([
    { name: 'too short', text: 'short' },
    { name: 'with a space', text: 'a token with spaces in it' },
    { name: 'empty', text: '' },
    { name: 'binary', text: '\u0000'.repeat(40) },
  ])('a token that is $name is refused with its path', async ({ text }) => {
    const path = join(folder, 'token');
    await writeFile(path, text);
    await expect(readOrMakeToken(path)).rejects.toThrow(FatalError);
    await expect(readOrMakeToken(path)).rejects.toThrow(path);
  });

  test('a required token that is not there is a sentence', async () => {
    await expect(requireToken(join(folder, 'none'))).rejects.toThrow('there is no such file');
  });
});
