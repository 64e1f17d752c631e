import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePort } from '../../cli/demo/ports.ts';
import { httpGet, startWeft, untilReady } from '../support/processes.ts';
import { until } from '../support/until.ts';
import { metricsOf, startDashboard } from './dashboard-fixture.ts';

function metric(text: string, name: string): number {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  return Number(line?.split(' ')[1] ?? Number.NaN);
}

test('an agent that was cut off for many frames comes back with all of them, in one connection', async () => {
  await using dashboard = await startDashboard();
  const stateDir = await mkdtemp(join(tmpdir(), 'weft-test-backfill-'));
  try {
    const listen = `127.0.0.1:${await freePort()}`;
    await using agent = await startWeft([
      'statsd',
      `--listen=${listen}`,
      `--state-dir=${stateDir}`,
      `--dashboard=${dashboard.url}`,
      `--agent-token-file=${join(dashboard.stateDir, 'agent-token')}`,
      '--interval=100ms',
      '--cgroup-root=/weft-test-nothing-is-here',
    ]);
    await untilReady(agent, { listen });
    const taken = async (): Promise<number> =>
      metric((await httpGet(`http://${listen}/metrics`)).body, 'weft_statsd_ticks_total');
    const arrived = async (): Promise<number> =>
      metric(await metricsOf(dashboard), 'weft_dashboard_frames_total{verdict="live"}');
    await until(async () => (await arrived()) > 0, { what: 'frames arrive' });
    await dashboard.crash();
    const lostFrom = await taken();
    await until(async () => (await taken()) >= lostFrom + 40, { what: '40 frames are missed' });
    const lostTo = await taken();
    await dashboard.start();
    await until(async () => (await arrived()) >= lostTo - lostFrom, { what: 'what was missed has arrived' });
    const connections = dashboard
      .process()
      .logs()
      .map(({ msg }) => String(msg))
      .filter((msg) => msg.startsWith('agent '));
    expect(connections).toEqual(['agent connected']);
    // All that was missed came, not only as many as were taken since.
    expect(await arrived()).toBeGreaterThanOrEqual((await taken()) - lostFrom - 5);
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
});
