import { writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { runcRoom } from '../../support/runc.ts';
import { startStatsd } from '../../support/statsd.ts';
import { until } from '../../support/until.ts';

const V1 = '/sys/fs/cgroup';
/** Rounds between two looks at a container's limits, one that is on its way, and two for a scrape that comes late. */
const MOST_ROUNDS = 8;

interface Change {
  readonly what: string;
  readonly file: string;
  readonly text: string;
  readonly metric: string;
  readonly value: number;
}

test('a limit that changes is seen within five rounds, be it the container’s own or its parent’s', async () => {
  await using room = runcRoom('limits');
  await using statsd = await startStatsd([
    ...['--cgroup-root', room.cgroupRoot, '--runc-root', room.root],
    ...['--metrics-profile', 'cadvisor'],
  ]);
  const rounds = (): Promise<number> => statsd.own('weft_statsd_ticks_total');
  const resources = { memory: { limit: 64 << 20 }, pids: { limit: 64 }, cpu: { quota: 50_000, period: 100_000 } };
  const path = room.run('web', { resources });
  await until(async () => (await statsd.value('container_spec_memory_limit_bytes', path)) === 64 << 20, {
    what: 'it appears with its limits',
  });
  const young = await rounds();
  await until(async () => (await rounds()) >= young + 6, { what: 'it is no longer young', timeoutMs: 15_000 });
  const changes: Change[] = [
    {
      what: 'memory',
      file: `${V1}/memory${path}/memory.limit_in_bytes`,
      text: `${32 << 20}`,
      metric: 'container_spec_memory_limit_bytes',
      value: 32 << 20,
    },
    {
      what: 'CPU quota',
      file: `${V1}/cpu${path}/cpu.cfs_quota_us`,
      text: '25000',
      metric: 'container_spec_cpu_quota',
      value: 25_000,
    },
    {
      what: 'CPU shares',
      file: `${V1}/cpu${path}/cpu.shares`,
      text: '512',
      metric: 'container_spec_cpu_shares',
      value: 512,
    },
    {
      what: 'threads of the parent',
      file: `${V1}/pids${dirname(path)}/pids.max`,
      text: '16',
      metric: 'container_threads_max',
      value: 16,
    },
  ];
  const before = await rounds();
  for (const { file, text } of changes) writeFileSync(file, text);
  for (const { what, metric, value } of changes)
    await until(async () => (await statsd.value(metric, path)) === value, { what, timeoutMs: 30_000 });
  expect((await rounds()) - before).toBeLessThanOrEqual(MOST_ROUNDS);
});
