import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { DemoState } from '../../cli/demo/state-file.ts';
import { packageRoot } from '../../native/host/package-root.ts';
import { childPid, containerOf, inContainer, startDemo, type TestDemo } from '../support/demo.ts';
import { run } from '../support/netns.ts';
import { httpGet, startProcess, startWeft } from '../support/processes.ts';
import { until } from '../support/until.ts';

let demo: TestDemo;
let first: DemoState;

beforeAll(async () => {
  demo = await startDemo();
  first = await demo.state();
});

afterAll(async () => {
  await demo[Symbol.asyncDispose]();
});

const hostsSchema = z.object({
  hosts: z.array(z.object({ name: z.string(), state: z.string(), overlay: z.object({ subnet: z.string() }) })),
});
const containersSchema = z.object({ containers: z.array(z.record(z.string(), z.unknown())) });

/** Every ordered pair of different hosts. */
function pairs(state: DemoState): { from: string; to: string }[] {
  const names = state.hosts.map((host) => host.name);
  return names.flatMap((from) => names.filter((to) => to !== from).map((to) => ({ from, to })));
}

describe('what the API says', () => {
  test('three live hosts, each with its own subnet', async () => {
    const { hosts } = await until(
      async () => {
        const answer = hostsSchema.parse(await demo.api('hosts'));
        return answer.hosts.every(({ state }) => state === 'live') && answer;
      },
      { what: 'three live hosts with an overlay' },
    );
    expect(hosts.map(({ name }) => name).sort()).toEqual(['weft-h1', 'weft-h2', 'weft-h3']);
    expect(new Set(hosts.map(({ overlay }) => overlay.subnet)).size).toBe(3);
    expect(hosts.map(({ overlay }) => overlay.subnet).sort()).toEqual(first.hosts.map(({ subnet }) => subnet).sort());
  });

  test('fifteen containers, each with memory or CPU in use', async () => {
    const busy = await until(
      async () => {
        const { containers } = containersSchema.parse(await demo.api('containers'));
        const used = containers.filter(
          (each) => Number(each['cpuCores']) > 0 || Number(each['memoryWorkingSetBytes']) > 0,
        );
        return used.length >= 15 && used;
      },
      { what: 'fifteen containers with CPU or memory' },
    );
    expect(new Set(busy.map((each) => String(each['name'])))).toEqual(
      new Set(['web', 'client', 'cpu-wave', 'memory-wave', 'disk-writer']),
    );
  });
});

test('containers of all hosts ping each other by overlay address', () => {
  for (const { from, to } of pairs(first)) {
    const target = containerOf(first, to, 'web').address;
    const output = run(
      ...inContainer(containerOf(first, from, 'client'), 'ping', '-c', '2', '-i', '0.1', '-W', '2', target),
    );
    expect(output, `${from} to ${to}`).toContain(' 0% packet loss');
  }
});

test('containers of all hosts fetch a page of more than a megabyte from each other, whole', () => {
  for (const { from, to } of pairs(first)) {
    const url = `http://${containerOf(first, to, 'web').address}/large.bin`;
    const body = run(...inContainer(containerOf(first, from, 'client'), 'busybox', 'wget', '-q', '-O', '-', url));
    expect(body.length, `${from} to ${to}`).toBeGreaterThan(1024 * 1024);
    expect(new Set(body.trimEnd().split('\n'))).toEqual(
      new Set([`${to}: the thread that runs over and under the warp`]),
    );
  }
});

test('a full-sized packet crosses the overlay unbroken, a larger one is refused at the source', () => {
  const client = containerOf(first, 'weft-h1', 'client');
  const target = containerOf(first, 'weft-h2', 'web').address;
  const ping = (bytes: number): string[] =>
    inContainer(client, 'ping', '-c', '1', '-W', '2', '-M', 'do', '-s', String(bytes), target);
  expect(run(...ping(1422))).toContain(' 0% packet loss');
  expect(() => run(...ping(1423))).toThrow(/./);
});

/** A recording or our own output with what differs from cluster to cluster replaced by words. */
function normalised(text: string, ownMac?: string): string {
  return text
    .replace(/^\d+: /gm, 'N: ')
    .replace(ownMac ?? '-', 'OWN-MAC')
    .replace(/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/g, (mac) => (mac === 'ff:ff:ff:ff:ff:ff' ? mac : 'MAC'))
    .replace(/\b(?:192\.168|172\.31|10\.99)\.\d+\.\d+\b/g, 'UNDERLAY')
    .replace(/\b10\.\d+\.\d+\.(\d+)\b/g, 'OVERLAY.$1')
    .replace(/[ \t]+$/gm, '');
}

describe('a host looks as one of real flanneld does', () => {
  const recorded = (name: string): string =>
    readFileSync(join(packageRoot(), 'test/fixtures/flannel/R01-v0.20.2-vxlan-masq/h1', name), 'utf8');
  const lines = (text: string, keep: RegExp): string[] =>
    normalised(text)
      .split('\n')
      .filter((line) => keep.test(line))
      .sort();

  test.each([
    { name: 'ip route', recording: 'ip-route.txt', argv: ['ip', 'route'], keep: /flannel\.1/ },
    {
      name: 'ip neigh',
      recording: 'neigh.txt',
      argv: ['ip', '-4', 'neigh', 'show', 'dev', 'flannel.1'],
      keep: /PERMANENT/,
    },
    { name: 'bridge fdb', recording: 'fdb.txt', argv: ['bridge', 'fdb', 'show', 'dev', 'flannel.1'], keep: /dst/ },
    {
      name: 'ip addr, IPv4',
      recording: 'ip-addr.flannel.1.txt',
      argv: ['ip', 'addr', 'show', 'dev', 'flannel.1'],
      keep: /inet /,
    },
  ])('$name', ({ recording, argv, keep }) => {
    const want = lines(recorded(recording), keep);
    expect(want.length).toBeGreaterThan(0);
    for (const { namespace } of first.hosts) {
      const ours = run('nsenter', `--net=/run/netns/${namespace}`, ...argv);
      expect(lines(ours, keep)).toEqual(want);
    }
  });

  test('ip -d link', () => {
    // From the device's name to its last VXLAN flag; what follows are limits of the kernel at hand.
    const settings = (text: string): string =>
      normalised(text)
        .replace(/^[\s\S]*?(flannel\.1:)/, '$1')
        .replace(/noudp6zerocsumrx[\s\S]*$/, 'noudp6zerocsumrx')
        .replace(/ localbypass/, '')
        .replace(/promiscuity 0 +/, 'promiscuity 0 ');
    const want = settings(recorded('ip-d-link.flannel.1.txt'));
    for (const { namespace } of first.hosts) {
      expect(settings(run('ip', '-n', namespace, '-d', 'link', 'show', 'flannel.1'))).toBe(want);
    }
  });

  test('subnet.env', () => {
    const keys = recorded('subnet.env').replace(/=.*/g, '');
    for (const { name, subnet } of first.hosts) {
      const text = readFileSync(`/var/lib/weft-demo/${name}/subnet.env`, 'utf8');
      expect(text.replace(/=.*/g, '')).toBe(keys);
      expect(text).toContain(
        `FLANNEL_SUBNET=${subnet.replace('.0/', '.1/')}\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=false\n`,
      );
    }
  });
});

/** Nothing is pushed or taken in there, and nobody has a health check: the push and intake tests of test/kernel/statsd see these. */
const NOT_IN_THE_DEMO = /^weft_statsd_(?:push_|intake_|container_unhealthy$)/;

describe('every metric that is served is in its README, and every one there is served', () => {
  const names = (text: string, pattern: RegExp): string[] =>
    Array.from(new Set(Array.from(text.matchAll(pattern), ([, name]) => name ?? ''))).sort();

  test.each([
    { agent: 'flannel', url: () => `http://${first.hosts[0]!.flanneld.listen}/metrics` },
    { agent: 'statsd', url: () => `http://${first.hosts[0]!.statsd.listen}/metrics` },
    { agent: 'dashboard', url: () => `${first.dashboard.url}/metrics` },
  ])('$agent', async ({ agent, url }) => {
    const headers = { authorization: `Bearer ${first.dashboard.apiToken}` };
    const { status, body } = await httpGet(url(), { headers });
    expect(status).toBe(200);
    const served = names(body, new RegExp(`^# TYPE (weft_${agent}_[a-z_]+)`, 'gm'));
    const readme = readFileSync(join(packageRoot(), agent, 'README.md'), 'utf8');
    expect(served.length).toBeGreaterThan(0);
    const told = names(readme, new RegExp(`\\b(weft_${agent}_[a-z_]+)\\b`, 'g'));
    expect(told.filter((name) => !NOT_IN_THE_DEMO.test(name))).toEqual(served);
  });
});

test('a second demo is refused, and told which process is in its way', async () => {
  await using second = await startWeft(['demo', '--port', '1']);
  expect(await second.exited).toEqual({ code: 1, signal: null });
  expect(second.stderr()).toBe(
    `weft demo: a demo runs already (pid ${demo.process.pid}): stop it first (kill ${demo.process.pid}), or use that one\n`,
  );
});

interface Pinger {
  /** Ends it; gives the sequence numbers that never came back. */
  lost(): Promise<number[]>;
}

/** Pings between two containers every 10 ms. */
async function ping(state: DemoState, from: string, to: string): Promise<Pinger> {
  const target = containerOf(state, to, 'web').address;
  const child = await startProcess(inContainer(containerOf(state, from, 'client'), 'ping', '-i', '0.01', target));
  await until(() => child.stdout().includes('icmp_seq=3 '), { what: 'the first answers' });
  return {
    lost: async () => {
      child.signal('SIGINT');
      await child.exited;
      const seen = new Set(Array.from(child.stdout().matchAll(/icmp_seq=(\d+) ttl/g), ([, number]) => Number(number)));
      const last = Math.max(...seen);
      return Array.from({ length: last }, (_, index) => index + 1).filter((number) => !seen.has(number));
    },
  };
}

describe('kill -9 of a process loses no ping, and it is back within five seconds', () => {
  const live = async (): Promise<boolean> => {
    const { hosts } = hostsSchema.parse(await demo.api('hosts'));
    return hosts.length === 3 && hosts.every(({ state }) => state === 'live');
  };

  test.each([
    { name: 'flanneld of weft-h1', pattern: /flanneld.*weft-h1/ },
    { name: 'statsd of weft-h2', pattern: /statsd.*weft-h2/ },
    { name: 'the dashboard', pattern: / dashboard / },
    { name: 'etcd', pattern: /etcd --name/ },
  ])('$name', async ({ pattern }) => {
    const pinger = await ping(first, 'weft-h1', 'weft-h2');
    const back = await ping(first, 'weft-h3', 'weft-h1');
    const pid = childPid(demo, pattern);
    const before = demo.process.stdout().length;
    process.kill(pid, 'SIGKILL');
    await until(
      () => demo.process.stdout().slice(before).includes(' is back after ') && childPid(demo, pattern) !== pid,
      {
        what: 'the supervisor says that it is back',
        timeoutMs: 5000,
      },
    );
    await until(async () => childPid(demo, pattern) > 0 && (await live()), {
      what: 'all hosts are live',
      timeoutMs: 5000,
    });
    expect(await pinger.lost()).toEqual([]);
    expect(await back.lost()).toEqual([]);
  });

  test('a container comes back on its address, and the state file names its new process', async () => {
    const victim = containerOf(await demo.state(), 'weft-h3', 'web');
    process.kill(victim.pid, 'SIGKILL');
    const again = await until(
      async () => {
        const now = containerOf(await demo.state(), 'weft-h3', 'web');
        return now.pid !== victim.pid && now;
      },
      { what: 'another process in the state file', timeoutMs: 5000 },
    );
    expect(again.address).toBe(victim.address);
    const client = containerOf(first, 'weft-h1', 'client');
    await until(() => run(...inContainer(client, 'ping', '-c', '1', '-W', '1', again.address)), {
      what: 'an answer from the new container',
      timeoutMs: 5000,
    });
  });
});

describe('what is deleted by hand comes back', () => {
  const inside = (...argv: string[]): string => run('nsenter', '--net=/run/netns/weft-h1', ...argv);
  const peer = (): string => first.hosts[1]!.subnet;
  const gateway = (): string => peer().split('/')[0]!;
  const fdbEntry = (): string[] =>
    inside('bridge', 'fdb', 'show', 'dev', 'flannel.1')
      .split('\n')
      .filter((line) => line.includes(`dst ${first.hosts[1]!.underlayAddress} `));

  test.each([
    {
      name: 'the route to a peer',
      present: () => inside('ip', 'route', 'show', peer()).includes('onlink'),
      remove: () => inside('ip', 'route', 'del', peer()),
    },
    {
      name: 'the neighbour of a peer',
      present: () => inside('ip', 'neigh', 'show', gateway(), 'dev', 'flannel.1').includes('PERMANENT'),
      remove: () => inside('ip', 'neigh', 'del', gateway(), 'dev', 'flannel.1'),
    },
    {
      name: 'the FDB entry of a peer',
      present: () => fdbEntry().length === 1,
      remove: () =>
        inside(
          'bridge',
          'fdb',
          'del',
          fdbEntry()[0]!.split(' ')[0]!,
          'dev',
          'flannel.1',
          'dst',
          first.hosts[1]!.underlayAddress,
        ),
    },
    {
      name: 'flannel.1 itself, with all that hung on it',
      present: () =>
        inside('ip', 'route')
          .split('\n')
          .filter((line) => line.includes('dev flannel.1 onlink')).length === 2 && fdbEntry().length === 1,
      remove: () => inside('ip', 'link', 'del', 'flannel.1'),
    },
  ])('$name', async ({ present, remove }) => {
    await until(present, { what: 'it is there before' });
    remove();
    await until(present, { what: 'it is there again', timeoutMs: 5000 });
    const client = containerOf(first, 'weft-h1', 'client');
    const target = containerOf(first, 'weft-h2', 'web').address;
    expect(run(...inContainer(client, 'ping', '-c', '2', '-i', '0.1', '-W', '2', target))).toContain(' 0% packet loss');
  });
});
