import { expect, test } from 'vitest';
import { asRoot, call, PASSWORD } from './access-fixture.ts';
import { openBrowser, startDashboard } from './dashboard-fixture.ts';

const GROUPS = ['--admin-groups', 'ops', '--editor-groups', 'devs', '--viewer-groups', 'all'];
const HEADERS = ['--forward-auth-header', 'Remote-User', '--forward-auth-groups-header', 'Remote-Groups'];
const behindProxy = (...rest: readonly string[]) =>
  startDashboard({ flags: ['--trusted-proxy', '127.0.0.1', ...HEADERS, ...GROUPS, ...rest] });

test('whom a trusted proxy names is in, with the role of the groups of now', async () => {
  await using dashboard = await behindProxy();
  const me = async (headers: Record<string, string>) => {
    const { status, body } = await call(dashboard, '/me', { headers });
    return status === 200 ? [body['name'], body['role']] : status;
  };
  expect(await me({ 'remote-user': 'ann', 'remote-groups': 'all,ops' })).toEqual(['ann', 'admin']);
  expect(await me({ 'remote-user': 'bob', 'remote-groups': 'devs' })).toEqual(['bob', 'editor']);
  expect(await me({ 'remote-user': 'bob', 'remote-groups': 'all' })).toEqual(['bob', 'viewer']);
  expect(await me({ 'remote-user': 'eve', 'remote-groups': 'strangers' })).toBe(401);
  expect(await me({ 'remote-user': 'ann, eve', 'remote-groups': 'ops' })).toBe(401);
  expect(await me({ 'remote-user': '<b>', 'remote-groups': 'ops' })).toBe(401);
  expect(await me({ 'remote-groups': 'ops' })).toBe(401);
});

test('it lets a socket in, and a role that is taken away ends it', async () => {
  await using dashboard = await behindProxy();
  const origin = dashboard.url;
  using browser = await openBrowser(dashboard, { origin, 'remote-user': 'ann', 'remote-groups': 'ops' });
  const ended = new Promise<string>((resolve) => browser.socket.once('disconnect', resolve));
  await call(dashboard, '/me', { headers: { 'remote-user': 'ann', 'remote-groups': 'all' } });
  expect(await ended).toBe('io server disconnect');
});

test('a page of another site cannot use it', async () => {
  await using dashboard = await behindProxy();
  const headers = { 'remote-user': 'ann', 'remote-groups': 'ops' };
  const body = { name: 'eve', role: 'admin', password: PASSWORD };
  for (const foreign of [{ origin: 'http://evil.example' }, { 'sec-fetch-site': 'cross-site' }, {}])
    expect((await call(dashboard, '/users', { body, headers: { ...headers, ...foreign } })).status).toBe(403);
  expect((await call(dashboard, '/users', { body, headers: { ...headers, origin: dashboard.url } })).status).toBe(201);
});

test('nobody takes the name of somebody with a password', async () => {
  await using dashboard = await behindProxy();
  await asRoot(dashboard, '/users', { body: { name: 'Ann', role: 'viewer', password: PASSWORD } });
  const headers = { 'remote-user': 'ann', 'remote-groups': 'ops' };
  expect((await call(dashboard, '/me', { headers })).status).toBe(401);
});

test('the same headers from anybody else are nothing', async () => {
  await using dashboard = await startDashboard({ flags: ['--trusted-proxy', '10.0.0.1', ...HEADERS, ...GROUPS] });
  const headers = { 'remote-user': 'ann', 'remote-groups': 'ops', 'x-forwarded-for': '10.0.0.1' };
  expect((await call(dashboard, '/me', { headers })).status).toBe(401);
  await expect(openBrowser(dashboard, { origin: dashboard.url, ...headers })).rejects.toThrow('not logged in');
});

test('tries to log in are counted by the address that the proxy tells, and no other', async () => {
  await using dashboard = await behindProxy();
  const attempt = async (address: string) =>
    (await call(dashboard, '/login', { body: { token: 'guess' }, headers: { 'x-forwarded-for': address } })).status;
  const statuses = [];
  // The client varies what it can: its part stands before what the proxy adds.
  for (let count = 0; count < 12; count += 1) statuses.push(await attempt(`198.51.100.${count}, 203.0.113.9`));
  expect(statuses.at(-1)).toBe(429);
  expect(await attempt('203.0.113.10')).toBe(401);
});
