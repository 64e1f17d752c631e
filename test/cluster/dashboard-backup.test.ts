import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePort } from '../../cli/demo/ports.ts';
import { startWeft, untilReady } from '../support/processes.ts';
import { addUser, asRoot, call, type Answer } from './access-fixture.ts';
import { logIn, startDashboard, startReceiver, type TestDashboard } from './dashboard-fixture.ts';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function restore(file: string, dataDir: string): Promise<Ended> {
  await using child = await startWeft(['restore', file, '--data-dir', dataDir]);
  const code = (await child.exited).code;
  return { code, stdout: child.stdout(), stderr: child.stderr() };
}

const soon = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString();

async function fill(dashboard: TestDashboard, url: string): Promise<void> {
  const bodies: readonly (readonly [string, object])[] = [
    ['/rules', { name: 'Mine', metric: 'cpuCores', op: '>', threshold: 3, for: '5m' }],
    [
      '/silences',
      {
        matchers: [{ name: 'host', value: 'h1', isRegex: false, isEqual: true }],
        startsAt: soon(0),
        endsAt: soon(60),
        createdBy: 'ann',
        comment: 'works',
      },
    ],
    ['/mute-windows', { name: 'nights', timeIntervals: [{ times: [{ start: '22:00', end: '24:00' }] }] }],
    ['/channels', { type: 'webhook', name: 'bot', url }],
    ['/views', { name: 'busy', query: 'sort=-cpu', shared: true }],
    ['/tokens', { name: 'ci', role: 'viewer' }],
  ];
  for (const [path, body] of bodies) expect((await asRoot(dashboard, path, { body })).status, path).toBe(201);
}

/** What people made, as the API tells it. */
async function toldOf(ask: (path: string) => Promise<Answer>): Promise<Record<string, unknown>> {
  const told: Record<string, unknown> = {};
  for (const path of ['/silences', '/mute-windows', '/channels', '/views']) told[path] = (await ask(path)).body;
  const { rules } = (await ask('/rules')).body as { rules: { origin: string }[] };
  const { users } = (await ask('/users')).body as { users: object[] };
  told['rules'] = rules.filter(({ origin }) => origin === 'api');
  told['users'] = users.map((user) => ({ ...user, hasPassword: false }));
  return told;
}

test('a backup is an admin’s, is written down, and makes another dashboard the same', async () => {
  await using resources = new AsyncDisposableStack();
  const receiver = resources.use(await startReceiver());
  const dashboard = resources.use(await startDashboard({ flags: ['--allow-private-targets', '127.0.0.0/8'] }));
  await fill(dashboard, `${receiver.url}/very-hidden`);
  const editor = await addUser(dashboard, { name: 'ed', role: 'editor' });
  await addUser(dashboard, { name: 'sam', role: 'viewer', scope: 'project=shop' });
  await addUser(dashboard, { name: 'ann', role: 'admin' });
  expect((await call(dashboard, '/backup', { headers: editor.headers })).status).toBe(403);
  expect((await call(dashboard, '/backup')).status).toBe(401);
  const backup = await asRoot(dashboard, '/backup');
  expect(backup.headers.get('content-disposition')).toMatch(/filename="weft-backup-\d{4}-\d\d-\d\d\.json"/);
  const text = JSON.stringify(backup.body);
  for (const secret of ['very-hidden', 'scrypt', '"password"', 'digest']) expect(text).not.toContain(secret);
  const { entries } = (await asRoot(dashboard, '/audit')).body as { entries: { target: string; status: number }[] };
  expect(entries.filter(({ target }) => target === '/api/v1/backup').map(({ status }) => status)).toEqual([
    200, 401, 403,
  ]);

  const folder = await mkdtemp(join(tmpdir(), 'weft-test-restored-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'backup.json');
  await writeFile(file, text);
  const busy = await restore(file, dashboard.stateDir);
  expect([busy.code, busy.stderr]).toEqual([
    1,
    expect.stringContaining('another weft dashboard uses this state folder'),
  ]);

  const dataDir = join(folder, 'data');
  const locked = await restore(file, dataDir);
  expect([locked.code, locked.stderr]).toEqual([0, '']);
  expect(locked.stdout).toContain(
    `restored 1 rule, 1 silence, 1 mute window, 1 channel, 3 users, 1 saved view into ${dataDir}\n`,
  );
  expect(locked.stdout).toContain('1 of the channels were sealed with another key');
  const again = await restore(file, dataDir);
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('there is something already: 1 rule')]);
  await copyFile(join(dashboard.stateDir, 'channel-key'), join(dataDir, 'channel-key'));

  const listen = `127.0.0.1:${await freePort()}`;
  const flags = ['--allow-private-targets', '127.0.0.0/8'];
  const child = resources.use(await startWeft(['dashboard', '--listen', listen, '--data-dir', dataDir, ...flags]));
  await untilReady(child, { listen });
  expect(child.stdout()).toContain('/login#token=');
  const restored = { ...dashboard, url: `http://${listen}`, listen, stateDir: dataDir };
  const token = /#token=(\S+)/.exec(child.stdout())?.[1] ?? '';
  const login = await call(restored, '/login', { body: { token }, headers: { origin: restored.url } });
  const cookie = login.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const headers = { cookie, origin: restored.url };
  expect((await call(restored, '/me', { headers })).body).toMatchObject({
    name: 'ann',
    role: 'admin',
    needsPassword: true,
  });
  expect(await toldOf((path) => call(restored, path, { headers }))).toEqual(
    await toldOf(async (path) => call(dashboard, path, { headers: { cookie: await logIn(dashboard) } })),
  );
  const { channels } = (await call(restored, '/channels', { headers })).body as { channels: { id: string }[] };
  const at = `/channels/${channels[0]!.id}/test`;
  expect((await call(restored, at, { headers, method: 'POST', body: {} })).body).toMatchObject({ outcome: 'sent' });
});

test('a file that is no backup changes nothing and is told in a sentence', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weft-test-restored-'));
  try {
    const file = join(folder, 'x.json');
    await writeFile(file, '{"format":"weft-dashboard-backup","version":9}');
    const ended = await restore(file, join(folder, 'data'));
    expect([ended.code, ended.stdout, ended.stderr]).toEqual([
      1,
      '',
      `weft restore: ${file}: version: expected 1, got 9; it needs another weft\n`,
    ]);
    const missing = await restore(join(folder, 'none.json'), join(folder, 'data'));
    expect([missing.code, missing.stderr]).toEqual([
      1,
      expect.stringMatching(/^weft restore: .*none\.json: cannot be read: ENOENT/),
    ]);
    const relative = await restore(file, 'data');
    expect([relative.code, relative.stderr]).toEqual([
      2,
      'weft restore: data-dir: expected a path that starts with /, got "data"\n',
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
