import { describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { aContainer } from '../unit/dashboard/builders.ts';
import { dialAgent, keepSending, metricsOf, startDashboard, type TestDashboard } from './dashboard-fixture.ts';

interface History {
  readonly from: string;
  readonly stepMs: number;
  readonly points: number;
  readonly partial: string | null;
  readonly unknown: readonly string[];
  readonly series: readonly {
    readonly key: string;
    readonly name: string;
    readonly service?: string;
    readonly columns: Readonly<Record<string, { readonly avg: (number | null)[]; readonly max: (number | null)[] }>>;
    readonly marks: readonly { readonly kind: string; readonly containerId: string }[];
  }[];
}

async function ask(dashboard: TestDashboard, query: string): Promise<Response> {
  const headers = { authorization: `Bearer ${await dashboard.token('api-token')}` };
  return await fetch(`${dashboard.url}/api/v1/history?${query}`, { headers });
}

async function historyOf(dashboard: TestDashboard, query: string): Promise<History> {
  const response = await ask(dashboard, query);
  expect(response.status).toBe(200);
  return (await response.json()) as History;
}

const known = (values: readonly (number | null)[] | undefined): number[] =>
  (values ?? []).filter((value) => value !== null);

const COMPOSE = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' };
const WEB = 'series=n1/runc/shop/web/1';

test('a killed dashboard knows the past without any agent, and a re-created container goes on in its line', async () => {
  await using dashboard = await startDashboard();
  {
    using agent = await dialAgent(dashboard);
    agent.inventory([aContainer('web-1', { labels: COMPOSE, startedAtUnixMs: Date.now() })]);
    using _frames = keepSending(agent, () => [{ memoryWorkingSetBytes: 500, pidsCurrent: 7 }]);
    await until(async () => (await metricsOf(dashboard)).includes('weft_dashboard_history_lines 2'), {
      what: 'both lines',
    });
    await until(
      async () => ((await dashboard.get('/status')) as { history: { series: number | null } }).history.series === 2,
      { what: 'ten seconds are on the disk', timeoutMs: 40_000 },
    );
  }
  await dashboard.crash();
  await dashboard.start();
  const restored = await until(
    async () => {
      const response = await ask(dashboard, `${WEB}&from=-30m&step=10s&columns=pidsCurrent`);
      if (response.status !== 200) return undefined;
      const history = (await response.json()) as History;
      return known(history.series[0]?.columns['pidsCurrent']?.avg).length > 0 ? history : undefined;
    },
    { what: 'the past is back' },
  );
  expect(restored).toMatchObject({ stepMs: 10_000, partial: null });
  expect(new Set(known(restored.series[0]?.columns['pidsCurrent']?.max))).toEqual(new Set([7]));

  using agent = await dialAgent(dashboard);
  agent.inventory([aContainer('web-1', { key: 'runc:second', labels: COMPOSE, startedAtUnixMs: Date.now() })]);
  agent.frame([{ pidsCurrent: 9 }]);
  const after = await until(
    async () => {
      const history = await historyOf(dashboard, `${WEB}&from=-30m&step=10s&columns=pidsCurrent`);
      return known(history.series[0]?.columns['pidsCurrent']?.avg).includes(9) ? history : undefined;
    },
    { what: 'the line goes on' },
  );
  expect(known(after.series[0]?.columns['pidsCurrent']?.avg)).toContain(7);
  expect(after.series[0]?.marks.map(({ kind, containerId }) => `${kind} ${containerId}`)).toEqual([
    'started runc:web-1',
    'created runc:second',
  ]);
});

describe('the question', () => {
  test('is answered as JSON and as CSV that no spreadsheet runs, and refused with a problem', async () => {
    await using dashboard = await startDashboard();
    using agent = await dialAgent(dashboard);
    agent.inventory([aContainer('=cmd|"/c calc"!A1'), aContainer('api')]);
    using _frames = keepSending(agent, () => [{ pidsCurrent: 1 }, { pidsCurrent: 2 }]);
    const evil = encodeURIComponent('n1/runc/=cmd|"_c calc"!A1');
    await until(async () => (await ask(dashboard, `series=${evil}&from=-1m`)).status === 200, { what: 'the line' });
    const csv = await until(
      async () => {
        const text = await (await ask(dashboard, `series=${evil}&from=-1m&step=1s&format=csv`)).text();
        return text.split('\r\n').length > 2 ? text : undefined;
      },
      { what: 'rows' },
    );
    expect(csv.split('\r\n')[0]).toBe('time,series,host,name,column,min,avg,max');
    expect(csv.split('\r\n')[1]).toMatch(/^\d{4}-\S+Z,"n1[^,]*",h1,"'=cmd\|""\/c calc""!A1",pidsCurrent,1,1,1$/);

    const both = await historyOf(dashboard, 'series=n1/runc/api&series=n1&from=-1m&step=1s');
    expect(both.series.map(({ key, name }) => [key, name])).toEqual([
      ['n1/runc/api', 'api'],
      ['n1', 'h1'],
    ]);
    expect(both.points).toBeLessThanOrEqual(62);
    expect(both.unknown).toEqual([]);
    const some = await historyOf(dashboard, 'series=n1/runc/nobody&series=n1&from=-1m');
    expect([some.series.map(({ key }) => key), some.unknown]).toEqual([['n1'], ['n1/runc/nobody']]);

    for (const [query, status, detail] of [
      ['series=n1/runc/nobody', 404, 'series: n1/runc/nobody: nothing is known of it'],
      ['from=-1h', 400, 'series: 0 are named'],
      ['series=n1&step=fast', 400, 'step: fast: expected a duration'],
      ['series=n1&columns=cpu', 400, 'columns: cpu: expected some of cpuCores'],
    ] as const) {
      const response = await ask(dashboard, query);
      expect([response.status, response.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
      expect(((await response.json()) as { detail: string }).detail).toContain(detail);
    }
    expect((await fetch(`${dashboard.url}/api/v1/history?series=n1`)).status).toBe(401);
  });
});

interface Events {
  readonly events: readonly {
    readonly kind: string;
    readonly name?: string;
    readonly exitCode?: number;
    readonly oomKilled?: boolean;
    readonly ranForMs?: number;
  }[];
  readonly more: boolean;
  readonly partial: string | null;
}

test('an end tells how it was, also when the code comes later and when the dashboard was killed since', async () => {
  await using dashboard = await startDashboard();
  const container = aContainer('web-1', { key: 'docker:1', labels: COMPOSE, startedAtUnixMs: Date.now() - 5000 });
  const ends = async (): Promise<Events> =>
    (await dashboard.get('/events?service=n1/runc/shop/web/1&kinds=ended&from=-1d')) as Events;
  {
    using agent = await dialAgent(dashboard);
    agent.inventory([container]);
    agent.frame([{ pidsCurrent: 1 }]);
    await until(async () => ((await dashboard.get('/events')) as Events).events.length === 1, { what: 'the start' });
    const atUnixMs = Date.now();
    agent.socket.emit('exit', { v: 1, key: container.key, atUnixMs, ranForMs: 5000 });
    await until(async () => (await ends()).events[0]?.ranForMs === 5000, { what: 'the end, without a code' });
    agent.inventory([], [{ ...container, exit: { atUnixMs, exitCode: 3, oomKilled: false } }]);
    await until(async () => (await ends()).events[0]?.exitCode === 3, { what: 'the code' });
    agent.inventory([{ ...container, startedAtUnixMs: atUnixMs + 1000 }]);
    agent.frame([{ pidsCurrent: 1 }]);
    await until(async () => ((await dashboard.get('/events?kinds=restarted')) as Events).events[0]?.name === 'web-1', {
      what: 'it is back',
    });
  }
  await until(
    async () => ((await dashboard.get('/status')) as { history: { series: number | null } }).history.series === 2,
    { what: 'it is on the disk', timeoutMs: 40_000 },
  );
  await dashboard.crash();
  await dashboard.start();
  const told = await until(async () => ((await ends()).events.length === 0 ? undefined : await ends()), {
    what: 'the end',
  });
  expect(told).toEqual({
    events: [expect.objectContaining({ kind: 'ended', name: 'web-1', exitCode: 3, oomKilled: false, ranForMs: 5000 })],
    more: false,
    partial: null,
  });
  const onHost = (await dashboard.get('/events?series=n1&kinds=ended,restarted&from=-1d')) as Events;
  expect(onHost.events.map(({ kind, name }) => [kind, name])).toEqual([
    ['restarted', 'web-1'],
    ['ended', 'web-1'],
  ]);
  expect(await dashboard.get('/events?series=n2&from=-1d')).toEqual({ events: [], more: false, partial: null });
});

test('times that are none stop the history of nobody', async () => {
  await using dashboard = await startDashboard();
  using good = await dialAgent(dashboard);
  good.inventory([aContainer('web')]);
  using other = await dialAgent(dashboard, { nodeId: 'n2', hostname: 'h2' });
  const exit = { atUnixMs: 8.64e15, exitCode: 1, ranForMs: 1e300 };
  other.inventory(
    [1e300, -1e300, -5, 8.65e15].map((startedAtUnixMs, index) => aContainer(`odd-${index}`, { startedAtUnixMs })),
    [{ ...aContainer('gone'), exit }],
  );
  const stop = setInterval(() => {
    good.frame([{ pidsCurrent: 1 }]);
    other.frame([{}, {}, {}, {}]);
  }, 1000);
  try {
    const status = async () =>
      ((await dashboard.get('/status')) as { history: { reason: string | null; series: number | null } }).history;
    await until(async () => ((await status()).series ?? 0) >= 7, { what: 'both are on the disk', timeoutMs: 40_000 });
    expect((await status()).reason).toBe(null);
    const { events } = (await dashboard.get('/events?from=-1h')) as Events;
    expect(new Set(events.map(({ name }) => name))).toEqual(new Set(['web', 'odd-0', 'odd-1', 'odd-2', 'odd-3']));
  } finally {
    clearInterval(stop);
  }
});
