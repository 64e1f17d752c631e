import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tokenView } from '../../../../dashboard/io/access/tokens.ts';
import type { Auth } from '../../../../dashboard/io/auth.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { openAuth, type OpenAuth } from './open-auth.ts';

const HOUR_MS = 3_600_000;

let folder: string;
let clock: ManualClock;
let opened: OpenAuth;
let auth: Auth;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-test-tokens-'));
  clock = new ManualClock();
  opened = openAuth(folder, clock);
  ({ auth } = opened);
});
afterEach(async () => {
  opened[Symbol.dispose]();
  await rm(folder, { recursive: true, force: true });
});

const made = (use: 'api' | 'agent', expiresInMs?: number) =>
  auth.tokens.add({
    use,
    name: 'ci',
    role: 'editor',
    scope: undefined,
    createdBy: 'ann',
    ...(expiresInMs === undefined ? {} : { expiresUnixMs: clock.nowMs() + expiresInMs }),
  });

test('what opens a token is shown once and kept nowhere', async () => {
  const { token, secret } = made('api');
  expect(secret).toMatch(/^weft_api_[\w-]{43}$/);
  expect(auth.bearer(`Bearer ${secret}`)).toMatchObject({ kind: 'token', name: 'ci', role: 'editor' });
  expect(JSON.stringify(tokenView(token, clock.nowMs()))).not.toContain(secret.slice(9));
  opened[Symbol.dispose]();
  for (const file of ['dashboard.db', 'dashboard.db-wal']) {
    const content = await readFile(join(folder, file)).catch(() => Buffer.alloc(0));
    expect(content.includes(secret.slice(9))).toBe(false);
  }
  opened = openAuth(folder, clock);
  expect(opened.auth.bearer(`Bearer ${secret}`)?.name).toBe('ci');
});

test('an agent’s token is no API token, and the other way round', () => {
  const [api, agent] = [made('api').secret, made('agent').secret];
  expect(auth.bearer(`Bearer ${agent}`)).toBeUndefined();
  expect(auth.agentAdmission(api)).toBeUndefined();
  expect(auth.agentAdmission(agent)?.()).toBe(true);
});

test('it ends with its time, also for who is in', async () => {
  const { secret } = made('agent', HOUR_MS);
  const isAllowed = auth.agentAdmission(secret)!;
  expect(isAllowed()).toBe(true);
  await clock.advance(HOUR_MS);
  expect([isAllowed(), auth.agentAdmission(secret)]).toEqual([false, undefined]);
});

test('it ends at once when it is revoked, and whoever was let in is told of', () => {
  const { token, secret } = made('agent');
  const isAllowed = auth.agentAdmission(secret)!;
  let heard: boolean | undefined;
  auth.onRevoked(() => (heard = isAllowed()));
  auth.revokeToken('agent', token.id);
  expect([heard, auth.agentAdmission(secret)]).toEqual([false, undefined]);
  expect(() => auth.revokeToken('agent', token.id)).toThrow('there is no such token');
});

test('two secrets are good while it is rotated, then one', async () => {
  const { token, secret: former } = made('agent');
  const isAllowed = auth.agentAdmission(former)!;
  const { secret } = auth.rotateToken('agent', token.id, HOUR_MS);
  expect([isAllowed(), auth.agentAdmission(secret)?.()]).toEqual([true, true]);
  await clock.advance(HOUR_MS);
  expect([isAllowed(), auth.agentAdmission(secret)?.()]).toEqual([false, true]);
  const { secret: third } = auth.rotateToken('agent', token.id, 0);
  expect([auth.agentAdmission(secret), auth.agentAdmission(third)?.()]).toEqual([undefined, true]);
});
