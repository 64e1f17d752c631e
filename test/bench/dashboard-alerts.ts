import { AlertBook } from '../../dashboard/model/alert/book.ts';
import type { AlertRule, Query } from '../../dashboard/model/alert/rule.ts';
import { STARTER_RULES } from '../../dashboard/model/alert/starter-rules.ts';
import { Cluster } from '../../dashboard/model/cluster.ts';
import { aContainer, aFrame, anInventory, aRule, at, T0 } from '../unit/dashboard/builders.ts';
import { quantile, type BenchRow } from './row.ts';

const HOSTS = 10;
const CONTAINERS = 100;
const RULES = 100;
/** Enough for a 99th percentile that is not just the worst, and for windows of ten minutes to be full. */
const SECONDS = 600;

/** The starter rules, and then rules as people write them: half of a last value, half of a window. */
function rules(): AlertRule[] {
  const queries: readonly Query[] = [
    { metric: 'memoryOfLimitRatio', agg: 'last', windowMs: 0 },
    { metric: 'cpuOfLimitRatio', agg: 'avg', windowMs: 300_000 },
    { metric: 'cpuCores', agg: 'last', windowMs: 0 },
    { metric: 'cpuThrottledSeconds', agg: 'rate', windowMs: 60_000 },
    { metric: 'pidsCurrent', agg: 'last', windowMs: 0 },
    { metric: 'memoryWorkingSetBytes', agg: 'max', windowMs: 600_000 },
  ];
  const own = Array.from({ length: RULES - STARTER_RULES.length }, (_, index) =>
    aRule({
      id: `r${index}`,
      name: `Rule${index}`,
      query: queries[index % queries.length] ?? queries[0]!,
      // Every tenth rule fires for one container in a hundred.
      levels: [
        { severity: 'warning', threshold: index % 10 === 0 ? 0.98 : 1e15, recovery: index % 10 === 0 ? 0.9 : 1e15 },
      ],
    }),
  );
  return [...STARTER_RULES, ...own];
}

function feed(cluster: Cluster, second: number): void {
  for (let host = 0; host < HOSTS; host += 1) {
    const rows = Array.from({ length: CONTAINERS }, (_, index) => ({
      cpuUsageSeconds: second * 0.3,
      cpuThrottledSeconds: second * 0.01,
      memoryWorkingSetBytes: index === 7 ? 9.9e8 : 4e8,
      pidsCurrent: 0.5,
    }));
    cluster.frame(`n${host}`, aFrame(second, rows), at(second));
  }
}

/** One process, nothing else: the cost of evaluating 100 rules over 1,000 containers once. */
export function runAlertBench(): readonly BenchRow[] {
  const cluster = new Cluster();
  for (let host = 0; host < HOSTS; host += 1) {
    const containers = Array.from({ length: CONTAINERS }, (_, index) =>
      aContainer(`c${index}`, { memoryLimitBytes: 1e9, cpuLimitCores: 1 }),
    );
    cluster.inventory(anInventory(containers, { nodeId: `n${host}`, hostname: `h${host}` }), at(0));
  }
  const book = new AlertBook(rules(), []);
  const evaluate = (second: number): number => {
    feed(cluster, second);
    const before = process.threadCpuUsage();
    book.evaluate(
      { cluster, self: [] },
      { nowUnixMs: T0 + second * 1000, monotonicMs: second * 1000, owed: () => false },
    );
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1000;
  };
  const warm = 20;
  for (let second = 1; second <= warm; second += 1) evaluate(second);
  const steady = Array.from({ length: SECONDS }, (_, index) => evaluate(warm + 1 + index));
  const moved = Array.from({ length: 10 }, (_, index) => {
    cluster.revision += 1;
    return evaluate(warm + SECONDS + 1 + index);
  });
  const load = `${RULES} rules × ${HOSTS * CONTAINERS} containers`;
  const peer = { peer: 'our own limit of 20 ms a second', peerValue: 20 };
  return [
    { name: `CPU for one evaluation of ${load}, p50`, value: quantile(steady, 0.5), unit: 'ms', ...peer },
    { name: `CPU for one evaluation of ${load}, p99`, value: quantile(steady, 0.99), unit: 'ms', ...peer },
    {
      name: `CPU for one evaluation of ${load} after a container came or went, p50`,
      value: quantile(moved, 0.5),
      unit: 'ms',
      ...peer,
    },
    { name: `CPU for one evaluation of ${load}, worst of ${SECONDS}`, value: Math.max(...steady), unit: 'ms' },
    { name: `alerts active in it`, value: book.alerts.length, unit: 'alerts' },
  ];
}
