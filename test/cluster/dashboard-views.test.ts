import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addUser, call, type Answer, type TestUser } from './access-fixture.ts';
import { startDashboard, type TestDashboard } from './dashboard-fixture.ts';

let dashboard: TestDashboard;
let ann: TestUser;
let bob: TestUser;
let editor: TestUser;
let scoped: TestUser;

beforeAll(async () => {
  dashboard = await startDashboard();
  ann = await addUser(dashboard, { name: 'ann', role: 'viewer' });
  bob = await addUser(dashboard, { name: 'bob', role: 'viewer' });
  editor = await addUser(dashboard, { name: 'eva', role: 'editor' });
  scoped = await addUser(dashboard, { name: 'sue', role: 'viewer', scope: 'project=shop' });
});

afterAll(async () => {
  await dashboard[Symbol.asyncDispose]();
});

const HOSTILE = '<img src=x onerror=alert(1)>';

async function as(
  { headers }: TestUser,
  path: string,
  options: { method?: string; body?: unknown } = {},
): Promise<Answer> {
  return await call(dashboard, path, { ...options, headers });
}

async function namesOf(user: TestUser): Promise<unknown[]> {
  const { body } = await as(user, '/views');
  return (body['views'] as { name: unknown }[]).map(({ name }) => name);
}

async function save(user: TestUser, body: object): Promise<Answer> {
  return await as(user, '/views', { body });
}

describe('saved views', () => {
  test('are of who saved them, survive a crash, are renamed and deleted', async () => {
    const made = await save(ann, { name: ` ${HOSTILE} `, query: 'sort=-cpu&q=web&kiosk=1' });
    expect([made.status, made.body]).toEqual([
      201,
      {
        id: expect.any(String) as unknown,
        name: HOSTILE,
        page: 'containers',
        query: 'q=web&sort=-cpu',
        shared: false,
        by: 'ann',
        own: true,
        mayChange: true,
      },
    ]);
    expect((await save(ann, { name: 'x', query: '', page: 'settings' })).status).toBe(400);
    const path = `/views/${String(made.body['id'])}`;
    await dashboard.crash();
    await dashboard.start();
    expect(await namesOf(ann)).toEqual([HOSTILE]);
    expect(await namesOf(bob)).toEqual([]);
    // Another's own is not told apart from none.
    for (const method of ['PUT', 'DELETE'])
      expect((await as(bob, path, { method, body: {} })).body['detail']).toBe('there is no such view');
    expect((await as(ann, path, { method: 'PUT', body: { name: 'mine' } })).body).toMatchObject({
      name: 'mine',
      query: 'q=web&sort=-cpu',
    });
    expect((await as(ann, path, { method: 'DELETE' })).status).toBe(200);
    expect(await namesOf(ann)).toEqual([]);
  });

  test('are shared by editors, and not with who has a label scope', async () => {
    expect((await save(ann, { name: 'all', query: '', shared: true })).body['detail']).toBe(
      'ann is viewer, and this needs editor',
    );
    const made = await save(editor, { name: 'for all', query: 'group=project', shared: true });
    expect(made.status).toBe(201);
    expect(await namesOf(ann)).toEqual(['for all']);
    expect(await namesOf(scoped)).toEqual([]);
    expect((await save(scoped, { name: 'own', query: 'q=web' })).status).toBe(201);
    const path = `/views/${String(made.body['id'])}`;
    expect((await as(ann, path, { method: 'DELETE' })).status).toBe(403);
    expect((await as(ann, path, { method: 'PUT', body: { shared: false } })).status).toBe(403);
  });

  test.each([
    { name: 'without a name', body: { name: '  ', query: '' }, want: 'expected a name' },
    { name: 'with a name of many lines', body: { name: 'a\nb', query: '' }, want: 'control characters' },
    { name: 'with a name without end', body: { name: 'a'.repeat(65), query: '' }, want: '64' },
    { name: 'with a query without end', body: { name: 'a', query: 'q='.padEnd(2049, 'a') }, want: '2048' },
    { name: 'with more than a view has', body: { name: 'a', query: '', owner: 'user:ann' }, want: 'owner' },
  ])('are refused $name', async ({ body, want }) => {
    const answer = await save(bob, body);
    expect([answer.status, answer.body['detail']]).toEqual([400, expect.stringContaining(want)]);
  });

  test('are not made by a form of another site', async () => {
    const headers = { ...bob.headers, origin: 'https://evil.example' };
    expect((await call(dashboard, '/views', { headers, body: { name: 'a', query: '' } })).status).toBe(403);
  });
});
