import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LOGIN_TOKEN_MS } from '../../../../dashboard/io/access/login-tokens.ts';
import { hashPassword } from '../../../../dashboard/io/access/password.ts';
import { SESSION_MS } from '../../../../dashboard/io/access/sessions.ts';
import type { Auth } from '../../../../dashboard/io/auth.ts';
import { readOrMakeToken, requireToken } from '../../../../dashboard/io/token-files.ts';
import { parseScope } from '../../../../dashboard/model/scope.ts';
import { FatalError } from '../../../../native/host/lifecycle.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { ADMIN_TOKEN, AGENT_TOKEN, API_TOKEN, openAuth, type OpenAuth } from './open-auth.ts';

let folder: string;
let clock: ManualClock;
let opened: OpenAuth;
let auth: Auth;

const reopen = (): void => {
  opened[Symbol.dispose]();
  opened = openAuth(folder, clock);
  ({ auth } = opened);
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-test-auth-'));
  clock = new ManualClock();
  opened = openAuth(folder, clock);
  ({ auth } = opened);
});
afterEach(async () => {
  opened[Symbol.dispose]();
  await rm(folder, { recursive: true, force: true });
});

describe('tokens in files', () => {
  test.each([
    [AGENT_TOKEN, true],
    [AGENT_TOKEN.slice(0, -1), false],
    ['', false],
    [API_TOKEN, false],
  ])('agent token %j: %s', (token, want) => {
    expect(auth.agentAdmission(token)?.() ?? false).toBe(want);
  });

  test.each([
    [`Bearer ${API_TOKEN}`, 'admin'],
    [`bearer ${API_TOKEN}`, 'admin'],
    [`Bearer  ${API_TOKEN}`, 'admin'],
    [`Basic ${btoa(`weft:${API_TOKEN}`)}`, 'admin'],
    [API_TOKEN, undefined],
    [`Basic ${API_TOKEN}`, undefined],
    [`Bearer ${AGENT_TOKEN}`, undefined],
    [`Bearer ${ADMIN_TOKEN}`, undefined],
    ['Bearer', undefined],
    [undefined, undefined],
  ])('authorization %j: %s', (header, role) => {
    expect(auth.bearer(header)?.role).toBe(role);
  });

  test('made once, mode 0600, and kept', async () => {
    const path = join(folder, 'sub', 'api-token');
    const made = await readOrMakeToken(path);
    expect(made).toMatch(/^[\w-]{43}$/);
    expect(await readOrMakeToken(path)).toBe(made);
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

describe('one-time tokens', () => {
  test('the printed one makes the first admin once, its file goes, and the session outlives the process', async () => {
    await writeFile(join(folder, 'admin-token'), 'x');
    const login = (await auth.loginByToken(ADMIN_TOKEN))!;
    expect(login.user).toMatchObject({ name: 'admin', role: 'admin', source: 'local' });
    expect(existsSync(join(folder, 'admin-token'))).toBe(false);
    expect(await auth.loginByToken(ADMIN_TOKEN)).toBeUndefined();
    reopen();
    expect(auth.principalOf(auth.sessions.find(login.cookie)!)?.name).toBe('admin');
  });

  test('of two that come at once one gets in', async () => {
    const logins = await Promise.all([auth.loginByToken(ADMIN_TOKEN), auth.loginByToken(ADMIN_TOKEN)]);
    expect(logins.filter((login) => login !== undefined)).toHaveLength(1);
  });

  test('one of the API works once and for an hour, for the same admin', async () => {
    const { user } = (await auth.loginByToken(ADMIN_TOKEN))!;
    const [first, second] = [auth.loginTokens.add(), auth.loginTokens.add()];
    expect((await auth.loginByToken(first))?.user.id).toBe(user.id);
    expect(await auth.loginByToken(first)).toBeUndefined();
    await clock.advance(LOGIN_TOKEN_MS + 1);
    expect(await auth.loginByToken(second)).toBeUndefined();
  });

  test('only so many wait, and the printed one is never pushed out', async () => {
    const first = auth.loginTokens.add();
    for (let count = 0; count < 150; count += 1) auth.loginTokens.add();
    expect(await auth.loginByToken(first)).toBeUndefined();
    expect(await auth.loginByToken(ADMIN_TOKEN)).toBeDefined();
  });
});

describe('passwords', () => {
  const password = 'correct horse battery';
  const addAnn = async () =>
    auth.users.add({
      name: 'Ann',
      role: 'viewer',
      scope: parseScope('project=shop'),
      source: 'local',
      password: await hashPassword(password),
    });

  test('the right one logs in by the name in any case, with role and scope, also after a restart', async () => {
    await addAnn();
    reopen();
    const login = (await auth.loginByPassword('ANN', password))!;
    expect(auth.principalOf(login.session)).toMatchObject({
      name: 'Ann',
      role: 'viewer',
      scope: { text: 'project="shop"' },
    });
  });

  test.each([
    { name: 'Ann', given: 'correct horse batterY' },
    { name: 'Ann', given: '' },
    { name: 'nobody', given: password },
    // What the time of an unknown name is spent on must not open anything.
    { name: 'nobody', given: 'A' },
  ])('$name with $given gets nothing', async ({ name, given }) => {
    await addAnn();
    expect(await auth.loginByPassword(name, given)).toBeUndefined();
  });

  test('each hash has a salt of its own, and nothing of the password is in the file', async () => {
    const [one, two] = [await hashPassword(password), await hashPassword(password)];
    expect(one).toMatch(/^scrypt\$32768\$8\$1\$[\w-]{22}\$[\w-]{43}$/);
    expect(one).not.toBe(two);
  });

  test('a new one ends every other session at once', async () => {
    const { id } = await addAnn();
    const [kept, other] = [
      (await auth.loginByPassword('Ann', password))!,
      (await auth.loginByPassword('Ann', password))!,
    ];
    let told = 0;
    auth.onRevoked(() => (told += 1));
    auth.changeUser(id, { password: await hashPassword('another password') }, kept.session.id);
    expect([auth.principalOf(kept.session)?.name, auth.principalOf(other.session)]).toEqual(['Ann', undefined]);
    expect(told).toBe(1);
    expect(await auth.loginByPassword('Ann', password)).toBeUndefined();
  });
});

describe('sessions', () => {
  const aLogin = async () => (await auth.loginByToken(auth.loginTokens.add()))!;

  test.each([
    { name: 'another secret', forge: (cookie: string) => `${cookie.slice(0, -1)}${cookie.endsWith('A') ? 'B' : 'A'}` },
    { name: 'one sign more', forge: (cookie: string) => `${cookie}A` },
    { name: 'the id of the stored one', forge: (_: string, id: string) => id },
    { name: 'nothing', forge: () => '' },
  ])('$name is no session', async ({ forge }) => {
    const { cookie, session } = await aLogin();
    expect(auth.sessions.find(cookie)).toEqual(session);
    expect(auth.sessions.find(forge(cookie, session.id))).toBeUndefined();
  });

  test('ends after twelve hours, and with a logout that a restart remembers', async () => {
    const [first, second] = [await aLogin(), await aLogin()];
    auth.logout(first.session);
    expect(auth.sessions.find(first.cookie)).toBeUndefined();
    reopen();
    expect(auth.sessions.find(first.cookie)).toBeUndefined();
    expect(auth.sessions.find(second.cookie)).toBeDefined();
    await clock.advance(SESSION_MS);
    expect(auth.sessions.find(second.cookie)).toBeUndefined();
  });

  test('a user who is removed has none', async () => {
    const { session } = await aLogin();
    auth.users.add({ name: 'other', role: 'admin', scope: undefined, source: 'local' });
    auth.removeUser(session.userId);
    expect(auth.principalOf(session)).toBeUndefined();
  });

  test('a hundred of one user at most', async () => {
    const logins = [];
    for (let count = 0; count < 120; count += 1) logins.push(await aLogin());
    const lasting = logins.filter(({ cookie }) => auth.sessions.find(cookie) !== undefined);
    expect([lasting.length, lasting.at(-1)]).toEqual([100, logins.at(-1)]);
  });
});

describe('users', () => {
  const anAdmin = { role: 'admin', scope: undefined, source: 'local' } as const;

  test('the last admin can be neither removed nor made less', () => {
    const { id } = auth.users.add({ ...anAdmin, name: 'root' });
    expect(() => auth.removeUser(id)).toThrow('root is the only admin');
    expect(() => auth.changeUser(id, { role: 'viewer' })).toThrow('root is the only admin');
  });

  test.each(['', ' a', 'a ', 'a\u202eb', 'a\u0000', '<b>', 'x'.repeat(65)])('%j is no name', (name) => {
    expect(() => auth.users.add({ ...anAdmin, name })).toThrow('name: expected');
  });

  test.each([
    ['Ann', 'ann'],
    ['Ann', 'Ａnn'],
  ])('%s and %s are one name', (one, other) => {
    auth.users.add({ ...anAdmin, name: one });
    expect(() => auth.users.add({ ...anAdmin, name: other })).toThrow('there is a user');
  });

  test('who is vouched for gets an account at the first time, the role of now, and nobody else’s name', () => {
    const ann = { source: 'proxy', subject: 'ann-1', name: 'ann', role: 'viewer' } as const;
    const first = auth.vouched(ann);
    expect(auth.vouched({ ...ann, role: 'editor' })).toMatchObject({ id: first.id, role: 'editor' });
    expect(() => auth.vouched({ ...ann, subject: 'ann-2' })).toThrow('there is another user ann');
  });
});
