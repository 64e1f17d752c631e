import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HistoryFile } from '../../dashboard/io/history/history-file.ts';
import type { FoldedBlock } from '../../dashboard/model/history/book.ts';
import { encodeNumber } from '../../dashboard/model/history/code.ts';
import { CONTAINER_HISTORY_COLUMNS } from '../../dashboard/model/history/columns.ts';
import { until } from '../support/until.ts';
import { aContainer } from '../unit/dashboard/builders.ts';
import { dialAgent, keepSending, startDashboard, type TestDashboard } from './dashboard-fixture.ts';

const MIB = 2 ** 20;
const HOUR_MS = 3_600_000;
const MEMORY = CONTAINER_HISTORY_COLUMNS.indexOf('memoryWorkingSetBytes');

interface Backtest {
  readonly fired: number;
  readonly targets: number;
  readonly coveredMs: number;
  readonly stepMs: number;
  readonly summary: string;
  readonly partial: string | null;
}

/** Writes the last day of a container into the file of a dashboard that does not run: 300 MiB for ten minutes of some hours. */
function writeDay(stateDir: string, key: string, busyHours: readonly number[]): void {
  const width = 3 * CONTAINER_HISTORY_COLUMNS.length;
  const now = Math.floor(Date.now() / 10_000) * 10_000;
  const blocks: FoldedBlock[] = [];
  for (let timeUnixMs = now - 24 * HOUR_MS; timeUnixMs < now - 60_000; timeUnixMs += 10_000) {
    const agoMs = now - timeUnixMs;
    const busy = busyHours.some((hours) => agoMs <= hours * HOUR_MS && agoMs > hours * HOUR_MS - 600_000);
    const codes = new Uint16Array(width).fill(encodeNumber(Number.NaN));
    codes.fill(encodeNumber((busy ? 300 : 100) * MIB), 3 * MEMORY, 3 * MEMORY + 3);
    blocks.push({ kind: 'container', timeUnixMs, keys: [key], codes });
  }
  const facts = { kind: 'container', nodeId: 'n1', host: 'h1', name: 'api', runtime: 'runc' } as const;
  const rest = { image: undefined, project: undefined, service: undefined };
  using file = new HistoryFile(join(stateDir, 'history.db'), 2 ** 30);
  file.append(blocks, [], new Map([[key, { ...facts, ...rest }]]));
}

async function backtestOf(dashboard: TestDashboard, rule: object): Promise<Backtest> {
  const headers = {
    authorization: `Bearer ${await dashboard.token('api-token')}`,
    'content-type': 'application/json',
  };
  const init = { method: 'POST', headers, body: JSON.stringify(rule) };
  return (await (await fetch(`${dashboard.url}/api/v1/rules/backtest`, init)).json()) as Backtest;
}

test('a rule is tested over the last 24 hours: minutes of the file, then the seconds of memory', async () => {
  await using dashboard = await startDashboard();
  const connect = async () => {
    const agent = await dialAgent(dashboard);
    agent.inventory([aContainer('api')]);
    return keepSending(agent, () => [{ memoryWorkingSetBytes: 100 * MIB }]);
  };
  const seriesOf = async (): Promise<string | undefined> =>
    ((await dashboard.get('/containers')) as { containers: { series: string }[] }).containers[0]?.series;
  const first = await connect();
  const key = await until(seriesOf, { what: 'the line of the container' });
  first[Symbol.dispose]();
  await dashboard.crash();
  // Two beyond the six hours that memory holds, one within.
  writeDay(dashboard.stateDir, key, [20, 9, 2]);
  await dashboard.start();
  using _sending = await connect();
  await until(seriesOf, { what: 'the container is back' });

  const rule = { name: 'Much', metric: 'memoryWorkingSetBytes', op: '>', threshold: '200MiB', for: '5m' };
  const result = await until(
    async () => {
      const answer = await backtestOf(dashboard, rule);
      return answer.fired === 3 ? answer : undefined;
    },
    { what: 'what memory has is restored', timeoutMs: 20_000 },
  );
  expect(result).toMatchObject({ targets: 1, stepMs: 60_000, partial: null });
  expect(result.summary).toBe('would have fired 3 times in the last 24 h, for 1 of what it looks at');
  expect(result.coveredMs).toBeGreaterThan(23 * HOUR_MS);
  expect(await backtestOf(dashboard, { ...rule, for: '15m' })).toMatchObject({ fired: 0 });
  expect(await backtestOf(dashboard, { ...rule, agg: 'avg', window: '40m' })).toMatchObject({ fired: 0 });
});
