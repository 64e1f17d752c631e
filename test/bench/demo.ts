import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { startWeft } from '../support/processes.ts';
import { until } from '../support/until.ts';
import { measureRepairs } from './repair.ts';
import type { Bench, BenchRow } from './row.ts';

const agent = z.object({ pid: z.number() });
const stateSchema = z.object({
  dashboard: z.object({ url: z.string(), apiToken: z.string() }),
  hosts: z.array(z.object({ name: z.string(), namespace: z.string(), flanneld: agent, statsd: agent })).min(3),
});

const MEBIBYTE = 1024 * 1024;

function memoryBytes(pid: number, field: 'VmRSS' | 'Pss'): number {
  const file = field === 'Pss' ? 'smaps_rollup' : 'status';
  const line = readFileSync(`/proc/${pid}/${file}`, 'utf8')
    .split('\n')
    .find((text) => text.startsWith(`${field}:`));
  return Number(/\d+/.exec(line ?? '')?.[0] ?? Number.NaN) * 1024;
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function listenerPid(processes: ReadonlyMap<number, string>, subcommand: string): number {
  const found = [...processes].find(([, command]) => command.includes(`main.js ${subcommand}`));
  if (found === undefined) throw new RangeError(`no "weft ${subcommand}" among the demo's processes`);
  return found[0];
}

function descendants(pid: number): Map<number, string> {
  const found = new Map<number, string>();
  const pending = [pid];
  for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
    const children = readFileSync(`/proc/${current}/task/${current}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean)
      .map(Number);
    for (const child of children)
      found.set(child, readFileSync(`/proc/${child}/cmdline`, 'utf8').replaceAll('\0', ' '));
    pending.push(...children);
  }
  return found;
}

/** A demo of three hosts: how soon it is up, what each process costs, and how soon damage by hand is repaired. */
export const runDemoBench: Bench = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'weft-bench-'));
  const stateFile = join(folder, 'state.json');
  const start = performance.now();
  await using demo = await startWeft(['demo', '--port', '18480', '--state', stateFile]);
  try {
    const text = await until(() => readFileSync(stateFile, { encoding: 'utf8', flag: 'a+' }) || undefined, {
      timeoutMs: 60_000,
      what: 'the demo to be up',
    });
    const upMs = performance.now() - start;
    const state = stateSchema.parse(JSON.parse(text));
    const [host] = state.hosts;
    if (host === undefined) throw new RangeError('the demo has no host');
    const rows: BenchRow[] = [
      { name: 'weft demo, three hosts: start to all up', value: upMs / 1000, unit: 's', peer: 'bar', peerValue: 10 },
    ];
    rows.push(...(await measureRepairs(host.namespace, 'flannel.1')));
    const processes = {
      flanneld: host.flanneld.pid,
      statsd: host.statsd.pid,
      dashboard: listenerPid(descendants(demo.pid), 'dashboard'),
    };
    const before = Object.values(processes).map(cpuSeconds);
    const from = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    const seconds = (performance.now() - from) / 1000;
    for (const [index, [name, pid]] of Object.entries(processes).entries()) {
      rows.push({ name: `weft ${name}: RSS`, value: memoryBytes(pid, 'VmRSS') / MEBIBYTE, unit: 'MiB' });
      rows.push({
        name: `weft ${name}: proportional set size`,
        value: memoryBytes(pid, 'Pss') / MEBIBYTE,
        unit: 'MiB',
      });
      rows.push({
        name: `weft ${name}: CPU at work`,
        value: ((cpuSeconds(pid) - (before[index] ?? 0)) / seconds) * 100,
        unit: '% of a core',
      });
    }
    return rows;
  } finally {
    await demo.stop();
    rmSync(folder, { recursive: true });
  }
};
