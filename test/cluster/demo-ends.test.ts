import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cgroupMounts } from '../../cli/demo/cgroups.ts';
import { processIdentity, stillRuns } from '../../cli/demo/process-identity.ts';
import { startDemo } from '../support/demo.ts';
import { makeNamespace, run } from '../support/netns.ts';
import { startWeft } from '../support/processes.ts';
import { until } from '../support/until.ts';

/** Command lines of processes that belong to a demo: its agents, its etcd, its containers. A zombie waits for init, not for us. */
function demoProcesses(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        const cgroup = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
        if (readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')) return [];
        return command.includes('/var/lib/weft-demo') || cgroup.includes('/weft-demo') ? [`${pid} ${command}`] : [];
      } catch {
        return []; // ended meanwhile
      }
    });
}

/** Everything of a demo that a machine could still have. */
async function traces(): Promise<string[]> {
  const cgroups = (await cgroupMounts()).map((mount) => `${mount}/weft-demo`).filter((path) => existsSync(path));
  const namespaces = run('ip', 'netns', 'list')
    .split('\n')
    .filter((line) => /^weft-(?:h\d|fabric)/.test(line));
  const links = run('ip', '-o', 'link')
    .split('\n')
    .filter((line) => line.includes('weft-demo'));
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .filter((line) => /weft-(?:h\d|fabric|demo)/.test(line));
  const files = ['/var/lib/weft-demo'].filter((path) => existsSync(path));
  return [...cgroups, ...namespaces, ...links, ...mounts, ...files, ...demoProcesses()];
}

const machine = (): string[] => [
  readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8'),
  run('ip', '-o', '-4', 'addr').replace(/ valid_lft.*/g, ''),
  run('ip', 'route'),
];

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s takes everything down within five seconds and leaves nothing',
  async (signal) => {
    const before = machine();
    await using demo = await startDemo('--hosts', '2');
    expect((await traces()).length).toBeGreaterThan(10);
    expect(machine()[0]).toBe(before[0]);
    demo.process.signal(signal);
    // Twice, as a terminal and npm do.
    demo.process.signal(signal);
    await until(() => demo.process.exit(), { what: 'the demo has ended', timeoutMs: 5000 });
    expect(demo.process.exit()).toEqual({ code: 0, signal: null });
    expect(demo.process.stderr()).toBe('');
    expect(await traces()).toEqual([]);
    expect(existsSync(demo.stateFile)).toBe(false);
    expect(machine()).toEqual(before);
  },
);

test('a signal in the middle of the start leaves nothing either', async () => {
  await using demo = await startWeft(['demo', '--hosts', '2', '--port', '18999']);
  await until(() => existsSync('/var/lib/weft-demo/weft-h2'), { what: 'half of it is made', timeoutMs: 20_000 });
  demo.signal('SIGTERM');
  expect(await demo.exited).toEqual({ code: 0, signal: null });
  expect(await traces()).toEqual([]);
});

test('after kill -9 its processes end by themselves, and the next start removes the rest and only that', async () => {
  await using bystander = await makeNamespace('bystander');
  await using killed = await startDemo('--hosts', '2', '--no-load');
  const { hosts, containers } = await killed.state();
  const agents = await Promise.all(
    hosts.flatMap((host) => [host.flanneld.pid, host.statsd.pid]).map((pid) => processIdentity(pid!)),
  );
  killed.process.signal('SIGKILL');
  await killed.process.exited;
  await until(async () => !(await Promise.all(agents.map((each) => stillRuns(each!)))).includes(true), {
    what: 'the agents have ended with the demo',
  });
  // Its containers live on, as real ones would: they are what there is to clean up.
  expect(existsSync(`/proc/${containers[0]!.pid!}`)).toBe(true);
  expect(existsSync(killed.stateFile)).toBe(true);

  await using next = await startDemo('--hosts', '1', '--no-load');
  expect(next.process.stdout()).toContain(`removed what the demo with pid ${killed.process.pid} left`);
  const state = await next.state();
  expect(run('ip', 'netns', 'list')).not.toContain('weft-h2');
  expect(existsSync(killed.stateFile)).toBe(false);
  expect(existsSync(bystander.path)).toBe(true);
  expect(state.containers.map(({ name }) => name)).toEqual(['web', 'idle-1', 'idle-2']);
  expect(demoProcesses().filter((line) => line.includes('sleep 2147483647'))).toHaveLength(2);
  expect(await next.process.stop()).toEqual({ code: 0, signal: null });
  expect(await traces()).toEqual([]);
});

test('names that somebody else has taken are left alone, and named', async () => {
  run('ip', 'netns', 'add', 'weft-h1');
  try {
    await using demo = await startWeft(['demo', '--hosts', '1', '--port', '18999']);
    expect(await demo.exited).toEqual({ code: 1, signal: null });
    expect(demo.stderr()).toBe(
      'weft demo: the demo needs these names and did not make what has them: /run/netns/weft-h1; remove or rename that first\n',
    );
    expect(existsSync('/run/netns/weft-h1')).toBe(true);
  } finally {
    run('ip', 'netns', 'del', 'weft-h1');
  }
  expect(await traces()).toEqual([]);
});
