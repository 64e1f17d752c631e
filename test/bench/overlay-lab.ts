import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inNamespace } from '../../cli/demo/namespaces.ts';
import { packageRoot } from '../../native/host/package-root.ts';
import { startEtcd } from '../support/etcd.ts';
import { makeUnderlay, type TestHost } from '../support/netns.ts';
import { startWeft, type TestProcess } from '../support/processes.ts';
import { KernelClock } from './kernel-clock.ts';

export interface Written {
  /** Monotonic times at which the writer began, and at which etcd had confirmed all of it. */
  readonly startNanos: bigint;
  readonly endNanos: bigint;
}

interface Writer extends AsyncDisposable {
  /** Sends one line of {@link file://./lease-writer.ts}. */
  ask(line: string): Promise<Written>;
}

/** Hosts with one etcd, and leases of hosts that do not exist. */
export interface OverlayLab extends AsyncDisposable {
  readonly hosts: readonly TestHost[];
  readonly writer: Writer;
  /** What the first agent writes after its first pass. */
  readonly subnetFile: string;
  /** `weft flanneld` on a host, the first by default; its state outlives it. */
  start(flags?: readonly string[], host?: number): Promise<TestProcess>;
  /** Listens to the first host's kernel. */
  clock(): KernelClock;
  /** Takes the first host's overlay out of the kernel. */
  wipe(): void;
}

export const STATUS_LISTEN = '127.0.0.1:9100';

function startWriter(namespace: string, endpoint: string): Writer {
  const script = join(packageRoot(), 'test/bench/lease-writer.ts');
  const [file = '', ...args] = inNamespace(namespace, [process.execPath, script, endpoint]);
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async (line) => {
      child.stdin.write(`${line}\n`);
      const { value } = await answers.next();
      const answer = JSON.parse(String(value)) as { startNanos: string; endNanos: string };
      return { startNanos: BigInt(answer.startNanos), endNanos: BigInt(answer.endNanos) };
    },
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve));
    },
  };
}

/** A host's interface in the underlay. */
function underlayIfindex({ namespace }: TestHost): number {
  const [link] = JSON.parse(namespace.ip('-j link show dev eth0')) as { ifindex: number }[];
  if (link === undefined) throw new RangeError('the host has no eth0');
  return link.ifindex;
}

/** Gone with its scope (`await using`). */
export async function makeLab(options: { readonly hosts: number }): Promise<OverlayLab> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.adopt(mkdtempSync(join(tmpdir(), 'weft-bench-')), (path) => {
    rmSync(path, { recursive: true });
  });
  const { hosts, fabric, address } = stack.use(await makeUnderlay(options));
  const [host] = hosts;
  if (host === undefined) throw new RangeError('a lab has one host at least');
  const etcd = stack.use(await startEtcd({ namespace: fabric.name, addresses: [address] }));
  const writer = stack.use(startWriter(fabric.name, etcd.endpoint));
  await writer.ask('config');
  const quietIfindex = underlayIfindex(host);
  const owned = stack.move();
  return {
    hosts,
    writer,
    subnetFile: `${folder}/subnet-0.env`,
    start: (flags = [], number = 0) =>
      startWeft(
        [
          'flanneld',
          `--etcd-endpoints=${etcd.endpoint}`,
          `--state-dir=${folder}/state-${number}`,
          `--subnet-file=${folder}/subnet-${number}.env`,
          `--healthz-port=${STATUS_LISTEN.split(':')[1] ?? ''}`,
          ...flags,
        ],
        { namespace: hosts[number]?.namespace.name },
      ),
    clock: () => new KernelClock({ namespace: host.namespace.name, quietIfindex }),
    wipe: () => {
      host.namespace.ip('link del flannel.1');
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Resident memory of a process, MiB. */
export function rssMib(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** Time on a processor of all threads of a process, seconds. */
export function cpuSeconds(pid: number): number {
  const nanos = readdirSync(`/proc/${pid}/task`).map((task) =>
    Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]),
  );
  return nanos.reduce((sum, each) => sum + each, 0) / 1e9;
}
