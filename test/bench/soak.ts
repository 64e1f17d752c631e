import { setTimeout as sleep } from 'node:timers/promises';
import { manyCgroups } from '../support/many-cgroups.ts';
import { startStatsd } from '../support/statsd.ts';
import type { Bench, BenchRow } from './row.ts';
import { allSeen, metricIn, residentMebibytes } from './stats-watch.ts';

const SOAK_LIVES = 10_000;
const SOAK_AT_ONCE = 50;
/** The heap is tidied within twenty seconds of rest: before that it is chance how much of what lies about V8 has collected. */
const REST_MS = 30_000;

async function turnOver(many: ReturnType<typeof manyCgroups>): Promise<void> {
  many.add(SOAK_AT_ONCE);
  await many.removeOldest(SOAK_AT_ONCE);
}

/** `weft statsd` while thousands of containers come and go, fifty at a time; afterwards everything is as before. */
export const runSoakBench: Bench = async () => {
  await using many = manyCgroups('soak');
  await using statsd = await startStatsd([...many.flags, '--interval', '500ms']);
  const { pid } = statsd.process;
  many.add(SOAK_AT_ONCE);
  await allSeen(statsd, SOAK_AT_ONCE);
  // A tenth first, so that caches and the heap have their size.
  for (let lives = 0; lives < SOAK_LIVES / 10; lives += SOAK_AT_ONCE) await turnOver(many);
  await sleep(REST_MS);
  const before = { ...statsd.held(), resident: residentMebibytes(pid) };
  let mostMebibytes = 0;
  for (let lives = 0; lives < SOAK_LIVES; lives += SOAK_AT_ONCE) {
    await turnOver(many);
    mostMebibytes = Math.max(mostMebibytes, residentMebibytes(pid));
  }
  await sleep(REST_MS);
  const after = { ...statsd.held(), resident: residentMebibytes(pid) };
  const was = (value: number): Pick<BenchRow, 'peer' | 'peerValue'> => ({
    peer: 'before them, this run',
    peerValue: value,
  });
  const name = `after ${SOAK_LIVES} births and deaths`;
  const text = await statsd.metrics();
  return [
    {
      name: `${name}: resident memory`,
      value: after.resident,
      unit: 'MiB',
      ...was(before.resident),
      bar: { atMost: 1.1 },
    },
    {
      name: `during ${SOAK_LIVES} births and deaths: resident memory at most`,
      value: mostMebibytes,
      unit: 'MiB',
      ...was(before.resident),
    },
    { name: `${name}: cgroup files open`, value: after.cgroupFiles, unit: 'files', ...was(before.cgroupFiles) },
    { name: `${name}: inotify watches`, value: after.watches, unit: 'watches', ...was(before.watches) },
    { name: `${name}: deaths told`, value: metricIn(text, 'weft_statsd_container_deaths_total'), unit: '' },
  ];
};
