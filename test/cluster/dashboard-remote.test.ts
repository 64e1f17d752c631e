import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { startTimeSeriesStore } from '../support/time-series-store.ts';
import { until } from '../support/until.ts';
import { aContainer } from '../unit/dashboard/builders.ts';
import { dialAgent, keepSending, startDashboard, type TestDashboard } from './dashboard-fixture.ts';

interface RemoteState {
  readonly sentSamples: number;
  readonly refusedSamples: number;
  readonly droppedSamples: number;
  readonly reason?: string;
}

async function remoteOf(dashboard: TestDashboard): Promise<RemoteState | null> {
  return ((await dashboard.get('/status')) as { remoteWrite: RemoteState | null }).remoteWrite;
}

test.each(['prometheus', 'victoria-metrics'] as const)(
  '%s takes what is written, and gives it back to a dashboard that has no past of its own',
  async (kind) => {
    await using store = await startTimeSeriesStore(kind);
    const key = 'n1/runc/shop/we"b/1';
    const labels = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'we"b' };
    {
      await using writer = await startDashboard({ flags: ['--remote-write-url', store.writeUrl] });
      using agent = await dialAgent(writer);
      agent.inventory([aContainer('web-1', { labels })]);
      using _frames = keepSending(agent, () => [{ pidsCurrent: 7, memoryWorkingSetBytes: 5e8 }]);
      await until(async () => ((await remoteOf(writer))?.sentSamples ?? 0) > 0, {
        what: 'samples are sent',
        timeoutMs: 40_000,
      });
      const [pids] = await until(
        async () => {
          const found = await store.query('last_over_time(weft_container_pids_current[5m])');
          return found.length > 0 ? found : undefined;
        },
        { what: 'it answers', timeoutMs: 20_000 },
      );
      expect(pids?.value[1]).toBe('7');
      expect(pids?.metric).toMatchObject({
        series: key,
        host: 'h1',
        container: 'web-1',
        project: 'shop',
        service: 'we"b',
      });
      expect(await remoteOf(writer)).toMatchObject({ refusedSamples: 0, droppedSamples: 0 });
    }
    await using reader = await startDashboard({ flags: ['--remote-read-url', store.url] });
    using agent = await dialAgent(reader);
    agent.inventory([aContainer('web-1', { labels })]);
    agent.frame([{ pidsCurrent: 9 }]);
    const query = `/history?series=${encodeURIComponent(key)}&from=-5h&step=10s&columns=pidsCurrent`;
    const values = await until(
      async () => {
        const answer = (await reader.get(query)) as {
          partial: string | null;
          series?: { columns: { pidsCurrent: { avg: (number | null)[]; max: (number | null)[] } } }[];
        };
        const pids = answer.series?.[0]?.columns.pidsCurrent;
        return pids?.max.includes(9) === true && pids.avg.some((value) => value === 7) ? answer : undefined;
      },
      { what: 'the past of the other dashboard and our own', timeoutMs: 30_000 },
    );
    expect(values.partial).toBeNull();
  },
);

test('what is refused is not sent again, what fails is, and both are told', async () => {
  const answers = [500, 429, 204, 400];
  const seen: { status: number; bytes: number }[] = [];
  const server = createServer((request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => (bytes += chunk.length));
    request.on('end', () => {
      const status = answers[seen.length] ?? 400;
      seen.push({ status, bytes });
      response.writeHead(status).end('out of order sample');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    await using dashboard = await startDashboard({ flags: ['--remote-write-url', `http://127.0.0.1:${port}/write`] });
    using agent = await dialAgent(dashboard);
    agent.inventory([aContainer('api')]);
    using _frames = keepSending(agent, () => [{ pidsCurrent: 7 }]);
    await until(() => seen.length >= 4, { what: 'four requests', timeoutMs: 60_000 });
    // The first three are one and the same, tried until it was taken; the fourth is the next ten seconds.
    expect(new Set(seen.slice(0, 3).map(({ bytes }) => bytes)).size).toBe(1);
    const state = await until(
      async () => {
        const told = await remoteOf(dashboard);
        return (told?.refusedSamples ?? 0) > 0 ? told : undefined;
      },
      { what: 'the refusal is told' },
    );
    expect(state.sentSamples).toBeGreaterThan(0);
    expect(state.reason).toBe('it answers 400: out of order sample');
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

/** A store that answers every request with a status and a body without end. */
async function startEndless(status: number): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(status);
    const more = (): void => {
      if (response.write('more and more '.repeat(5000))) setImmediate(more);
      else response.once('drain', more);
    };
    more();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('a refusal without end is one, and told by its beginning', async () => {
  await using store = await startEndless(400);
  await using dashboard = await startDashboard({ flags: ['--remote-write-url', store.url] });
  using agent = await dialAgent(dashboard);
  agent.inventory([aContainer('api')]);
  using _frames = keepSending(agent, () => [{ pidsCurrent: 7 }]);
  const state = await until(
    async () => {
      const told = await remoteOf(dashboard);
      return (told?.refusedSamples ?? 0) > 0 ? told : undefined;
    },
    { what: 'the refusal is told', timeoutMs: 30_000 },
  );
  expect(state.reason).toMatch(/^it answers 400: more and more /);
});

test('a past without end is not read to its end, and the answer says so', async () => {
  await using store = await startEndless(200);
  await using dashboard = await startDashboard({ flags: ['--remote-read-url', store.url] });
  using agent = await dialAgent(dashboard);
  agent.inventory([aContainer('api')]);
  agent.frame([{ pidsCurrent: 7 }]);
  await until(async () => JSON.stringify(await dashboard.get('/containers')).includes('api'), {
    what: 'the container',
  });
  const answer = (await dashboard.get('/history?series=n1/runc/api&from=-5h&step=10s&columns=pidsCurrent')) as {
    partial: string | null;
  };
  expect(answer.partial).toMatch(/answers with more than 32 MiB/);
});
