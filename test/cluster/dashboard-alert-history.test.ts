import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { aContainer } from '../unit/dashboard/builders.ts';
import { dialAgent, keepSending, startDashboard, startReceiver, untilAlert } from './dashboard-fixture.ts';

const RULES = `
rules:
  - { name: MemoryMuch, metric: memoryWorkingSetBytes, op: '>', threshold: 100MiB, severity: critical }
`;
const MIB = 2 ** 20;

interface History {
  readonly episodes: readonly {
    readonly labels: Record<string, string>;
    readonly value: number;
    readonly firedAt: string;
    readonly resolvedAt: string | null;
    readonly resolvedBecause: string | null;
    readonly notified: readonly { readonly channel: string }[];
  }[];
  readonly more: boolean;
}

test('each time that an alert fired is kept through kill -9, with its end and who was told', async () => {
  await using resources = new AsyncDisposableStack();
  const receiver = resources.use(await startReceiver());
  const dashboard = resources.use(await startDashboard({ rules: RULES, flags: ['--webhook', receiver.url] }));
  let memory = 200 * MIB;
  const connect = async () => {
    const agent = await dialAgent(dashboard);
    agent.inventory([aContainer('api')]);
    return keepSending(agent, () => [{ memoryWorkingSetBytes: memory }]);
  };
  const history = async (query = ''): Promise<History> => (await dashboard.get(`/alerts/history${query}`)) as History;
  const sending = await connect();
  await untilAlert(dashboard, 'api', 'firing');
  const told = await until(
    async () => {
      const [episode] = (await history()).episodes;
      return episode?.notified.length === 1 ? episode : undefined;
    },
    { what: 'the history tells who was told' },
  );
  expect(told).toMatchObject({ value: 200 * MIB, resolvedAt: null, labels: { host: 'h1', container: 'api' } });

  sending[Symbol.dispose]();
  await dashboard.crash();
  await dashboard.start();
  // Whose line it is, is not in memory before its host comes back.
  expect((await history()).episodes).toEqual([{ ...told, nodeId: undefined, series: undefined }]);

  memory = MIB;
  resources.use(await connect());
  await untilAlert(dashboard, 'api', 'resolved');
  const [over] = (await history()).episodes;
  expect(over).toMatchObject({ firedAt: told.firedAt, resolvedBecause: 'recovered', notified: told.notified });
  expect((await history('?q=container:api%20host:h1')).episodes).toHaveLength(1);
  expect(await history('?q=-container:api')).toEqual({ episodes: [], more: false });

  const ask = async (query: string) =>
    await fetch(`${dashboard.url}/api/v1/alerts/history${query}`, {
      headers: { authorization: `Bearer ${await dashboard.token('api-token')}` },
    });
  const csv = await ask('?format=csv');
  expect(csv.headers.get('content-disposition')).toBe('attachment; filename="weft-alerts.csv"');
  expect((await csv.text()).split('\r\n')[1]).toContain('MemoryMuch,critical,h1,api,');
  const refused = await ask('?limit=many');
  expect(refused.status).toBe(400);
  expect(refused.headers.get('content-type')).toBe('application/problem+json');
  expect(await refused.json()).toMatchObject({ status: 400, detail: 'limit: many: expected 1 to 10000' });
  expect((await fetch(`${dashboard.url}/api/v1/alerts/history`)).status).toBe(401);
});
