import type { OwnValue, WrittenMetric } from './exposition.ts';
import type { LifeCounts } from './life-ledger.ts';

/** One after the other as they are asked for: a list of a thousand, four times, would hold up everything else. */
const pairs = (lives: readonly LifeCounts[], value: (life: LifeCounts) => number): Iterable<OwnValue> => ({
  *[Symbol.iterator]() {
    for (const life of lives) yield [life.labels, value(life)];
  },
});

/** What happened to each name, for rules that must not forget a container with its end. */
export function lifeMetrics(lives: readonly LifeCounts[]): WrittenMetric[] {
  const metric = (
    { name, help, type = 'counter' }: { name: string; help: string; type?: 'counter' | 'gauge' },
    value: (life: LifeCounts) => number,
  ): WrittenMetric => ({
    name: `weft_statsd_container_${name}`,
    help,
    type,
    values: pairs(lives, value),
  });
  return [
    metric({ name: 'restarts_total', help: 'How often a container of this name came back.' }, (life) => life.restarts),
    metric(
      { name: 'oom_kills_total', help: 'Kills for memory in containers of this name, ended ones included.' },
      (life) => life.oomKills,
    ),
    metric(
      {
        name: 'unexpected_exits_total',
        help: 'Ends with an exit code other than 0, 130, 137 and 143, or by a kill for memory.',
      },
      (life) => life.unexpectedExits,
    ),
    metric(
      { name: 'unhealthy', help: '1 while its health check fails, 0 while it does not.', type: 'gauge' },
      ({ unhealthy }) => (unhealthy === undefined ? Number.NaN : Number(unhealthy)),
    ),
  ];
}
