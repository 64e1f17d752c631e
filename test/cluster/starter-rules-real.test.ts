import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { STARTER_RULES } from '../../dashboard/model/alert/starter-rules.ts';
import { run } from '../support/netns.ts';
import { quickStarterRules } from '../support/quick-rules.ts';
import { startRealCluster, type RealCluster } from '../support/real-cluster.ts';
import type { StatsdProcess } from '../support/statsd.ts';
import { until } from '../support/until.ts';
import { ScriptedCpu } from '../support/scripted-cpu.ts';
import { startReceiver, type TestReceiver } from './dashboard-fixture.ts';

const MEBIBYTE = 2 ** 20;

/**
 * What the stats agent takes for the host's: as root a file system of 64 MiB, with docker's files where they are; as /proc/stat a file, for
 * the CPUs of the machine that tests run on are not theirs alone.
 */
const OWN_HOST = [
  'mount -t tmpfs -o size=64m none "$0"',
  'mkdir -p "$0$1"',
  'mount --bind "$1" "$0$1"',
  'mount --bind "$2" /proc/stat',
  'shift 2',
  'exec "$@"',
].join(' && ');

let stack: AsyncDisposableStack;
let root: string;
let files: string;
let cluster: RealCluster;
let statsd: StatsdProcess;
let receiver: TestReceiver;
let cpu: ScriptedCpu;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  const folder = stack.adopt(mkdtempSync(join(tmpdir(), 'weft-test-starter-')), (path) => {
    rmSync(path, { recursive: true });
  });
  [root, files] = [join(folder, 'root'), join(folder, 'files')];
  for (const path of [root, files]) mkdirSync(path);
  cpu = stack.use(new ScriptedCpu(join(folder, 'stat')));
  receiver = stack.use(await startReceiver());
  // How far a whole machine is driven is bounded: that everything waited for memory for some milliseconds is enough.
  const rules = quickStarterRules({
    HostMemoryPressure: { threshold: 0.005 },
    HostCPUSaturated: { windowMs: 5000 },
  });
  cluster = stack.use(
    await startRealCluster({
      dashboard: { rules, flags: ['--webhook', receiver.url] },
      statsd: ({ folder: engine }) => ({
        flags: ['--host-root', root],
        wrap: ['unshare', '--mount', 'sh', '-c', OWN_HOST, root, join(engine, 'data'), cpu.file],
      }),
    }),
  );
  ({ statsd } = cluster);
}, 180_000);

afterAll(async () => {
  await stack.disposeAsync();
});

interface Shown {
  readonly rule: string;
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Waits until the rule has an alert in this state; gives its labels. */
async function untilShown(rule: string, state: string, container?: string): Promise<Shown['labels']> {
  const shown = await until(
    async () => {
      const { alerts } = (await cluster.dashboard.get('/alerts')) as { alerts: readonly Shown[] };
      const of = alerts.filter(
        (alert) => alert.rule === rule && (container === undefined || alert.labels['container'] === container),
      );
      // What resolved is shown for a while: it counts only when nothing of the kind fires beside it.
      return of.every((alert) => alert.state === state) ? of[0] : undefined;
    },
    { what: `${rule} ${container ?? ''} is ${state}`, timeoutMs: 80_000 },
  );
  return shown.labels;
}

/** Waits until somebody was told that the rule fires, or that it is over. */
async function untilTold(rule: string, status: 'firing' | 'resolved', container?: string): Promise<void> {
  await until(
    () =>
      receiver.deliveries.some(({ body }) =>
        body.alerts.some(
          ({ labels, status: told }) =>
            told === status && labels['alertname'] === rule && labels['container'] === container,
        ),
      ),
    { what: `somebody is told that ${rule} ${container ?? ''} is ${status}`, timeoutMs: 30_000 },
  );
}

const sh = (container: string, command: string): string =>
  cluster.engine.client('exec', container, '/bin/sh', '-c', command);

function start(name: string, command: string, ...flags: readonly string[]): void {
  cluster.engine.start(['/bin/sh', '-c', command], [`--name=${name}`, '--network=none', ...flags]);
}

interface Drama {
  readonly rule: string;
  readonly container?: string;
  readonly begin: () => unknown;
  /** `undefined` where it is over by itself. */
  readonly end?: () => unknown;
}

/** Does something again and again while `file` exists inside. */
const whileThere = (file: string, work: string): string =>
  `while :; do if [ -e ${file} ]; then ${work}; else sleep 0.2; fi; done`;

/** Writes into the small root file system, as seen by the agent. */
function fill(name: string, bytes: number): void {
  writeFileSync(join('/proc', String(statsd.process.pid), 'root', root, name), Buffer.alloc(bytes));
}

let filling: Disposable | undefined;

const secondHost = () => cluster.overlay.hosts[1]!;

const DRAMAS: readonly Drama[] = [
  {
    rule: 'ContainerOOM',
    container: 'hog',
    begin: () => {
      start('hog', 'sleep 3; exec dd if=/dev/zero of=/dev/null bs=200M count=1', '--memory=32m');
    },
  },
  {
    rule: 'ContainerExitedUnexpectedly',
    container: 'bad',
    begin: () => {
      start('bad', 'sleep 3; exit 3');
    },
  },
  {
    rule: 'ContainerRestartLoop',
    container: 'loop',
    begin: () => {
      start('loop', 'sleep 0.2; exit 0', '--restart=always');
    },
    end: () => cluster.engine.client('update', '--restart=no', 'loop'),
  },
  {
    rule: 'ContainerUnhealthy',
    container: 'sick',
    begin: async () => {
      const check = ['--health-cmd=test ! -e /tmp/sick', '--health-interval=1s', '--health-retries=1'];
      start('sick', 'exec sleep 3600', '--tmpfs=/tmp', ...check);
      await until(
        () => cluster.engine.client('inspect', '--format', '{{.State.Health.Status}}', 'sick') === 'healthy',
        {
          what: 'it is healthy at first',
          timeoutMs: 20_000,
        },
      );
      sh('sick', 'touch /tmp/sick');
    },
    end: () => sh('sick', 'rm /tmp/sick'),
  },
  {
    rule: 'ContainerMemoryNearLimit',
    container: 'full',
    begin: () => {
      start('full', 'exec sleep 3600', '--memory=64m', '--shm-size=64m');
      sh('full', 'dd if=/dev/zero of=/dev/shm/f bs=1M count=60');
    },
    end: () => sh('full', 'rm /dev/shm/f'),
  },
  {
    rule: 'ContainerCPUThrottled',
    container: 'held',
    begin: () => {
      start('held', whileThere('/tmp/go', ':'), '--cpus=0.1', '--tmpfs=/tmp');
      sh('held', 'touch /tmp/go');
    },
    end: () => sh('held', 'rm /tmp/go'),
  },
  {
    rule: 'HostMemoryPressure',
    begin: () => {
      // Past the page cache: what is cached for somebody else costs this container nothing.
      run('dd', 'if=/dev/zero', `of=${join(files, 'big')}`, 'bs=1M', 'count=96', 'oflag=direct');
      const read = `(${whileThere('/tmp/go', 'cat /data/big > /dev/null')}) &`;
      const limits = ['--memory=32m', '--memory-swap=32m', '--tmpfs=/tmp', `--volume=${files}:/data`];
      start('thrash', `${read} ${read} ${read} ${read} wait`, ...limits);
      sh('thrash', 'touch /tmp/go');
    },
    end: () => sh('thrash', 'rm /tmp/go'),
  },
  {
    rule: 'HostDiskFilling',
    begin: () => {
      fill('much', 40 * MEBIBYTE);
      let count = 0;
      const timer = setInterval(() => {
        count += 1;
        fill(`more${count}`, MEBIBYTE / 16);
      }, 250);
      filling = {
        [Symbol.dispose]: () => {
          clearInterval(timer);
        },
      };
    },
    end: () => {
      filling?.[Symbol.dispose]();
    },
  },
  {
    rule: 'OverlayMTUMismatch',
    begin: () => secondHost().ns.ip('link set eth0 mtu 1400'),
    end: () => secondHost().ns.ip('link set eth0 mtu 1500'),
  },
  {
    rule: 'OverlayPeerUnreachable',
    begin: async () => {
      secondHost().agent().signal('SIGKILL');
      await secondHost().agent().exited;
    },
    end: () => secondHost().ready(),
  },
  {
    rule: 'HostCPUSaturated',
    begin: () => {
      cpu.busyRatio = 0.99;
    },
    end: () => {
      cpu.busyRatio = 0.1;
    },
  },
  // Last, for it keeps quiet about everything else on the host.
  {
    rule: 'HostUnreachable',
    begin: async () => {
      statsd.process.signal('SIGKILL');
      await statsd.process.exited;
    },
    end: async () => {
      statsd = await cluster.startStatsd();
    },
  },
];

describe.each(DRAMAS)('$rule, out of what really happens', ({ rule, container, begin, end }) => {
  test('fires, and somebody is told; is over, and somebody is told', async () => {
    await begin();
    const labels = await untilShown(rule, 'firing', container);
    expect(labels).toMatchObject({ alertname: rule });
    await untilTold(rule, 'firing', container);
    await end?.();
    await untilShown(rule, 'resolved', container);
    await untilTold(rule, 'resolved', container);
  }, 240_000);
});

test('these are all the starter rules', () => {
  expect(DRAMAS.map(({ rule }) => rule).sort()).toEqual(STARTER_RULES.map(({ name }) => name).sort());
});
