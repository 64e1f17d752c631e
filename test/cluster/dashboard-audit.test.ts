import { expect, test } from 'vitest';
import { addUser, asRoot, call, PASSWORD } from './access-fixture.ts';
import { startDashboard } from './dashboard-fixture.ts';

interface Entry {
  readonly actor: string | null;
  readonly actorKind: string;
  readonly action: string;
  readonly target: string;
  readonly address: string;
  readonly status: number;
}

test('who did what, and who tried in vain, without a secret, over a restart', async () => {
  await using dashboard = await startDashboard();
  const { headers } = await addUser(dashboard, { name: 'ann', role: 'editor' });
  const url = 'https://hooks.example/secret-path';
  await call(dashboard, '/channels', { headers, body: { type: 'webhook', name: 'bot', url } });
  await call(dashboard, '/users', { headers, body: { name: 'eve', role: 'admin', password: PASSWORD } });
  await call(dashboard, '/login', { body: { name: 'ann', password: 'wrong password' } });
  await call(dashboard, '/rules/preview', { headers, body: {} });
  await call(dashboard, '/rules', { method: 'DELETE' });
  await dashboard.crash();
  await dashboard.start();
  const { entries } = (await asRoot(dashboard, '/audit?limit=50')).body as unknown as { entries: Entry[] };
  const seen = entries.map(({ actor, actorKind, action, status }) => [actor, actorKind, action, status]);
  expect(seen.reverse()).toEqual([
    ['api-token', 'file', 'Make a user', 201],
    ['ann', 'nobody', 'Log in, by a one-time token or by name and password', 200],
    ['ann', 'user', 'Make a channel', 201],
    ['ann', 'user', 'Make a user', 403],
    ['ann', 'nobody', 'Log in, by a one-time token or by name and password', 401],
    [null, 'nobody', 'DELETE /api/v1/rules', 401],
  ]);
  expect(new Set(entries.map(({ address }) => address))).toEqual(new Set(['127.0.0.1']));
  const text = JSON.stringify(entries);
  for (const secret of [PASSWORD, 'wrong password', 'secret-path']) expect(text).not.toContain(secret);
  expect((await call(dashboard, '/audit', { headers })).status).toBe(403);
});

test('a flood of strangers is not written down as a whole', async () => {
  await using dashboard = await startDashboard();
  await Promise.all(Array.from({ length: 200 }, () => call(dashboard, '/rules', { body: {} })));
  const { entries } = (await asRoot(dashboard, '/audit?limit=1000')).body as unknown as { entries: Entry[] };
  expect(entries.length).toBeLessThan(60);
});
