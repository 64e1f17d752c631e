import { inNamespace } from '../../cli/demo/namespaces.ts';
import { run, type TestHost } from '../support/netns.ts';
import { startProcess, untilReady } from '../support/processes.ts';
import { until } from '../support/until.ts';
import { makeLab, STATUS_LISTEN } from './overlay-lab.ts';
import { quantile, type Bench, type BenchRow } from './row.ts';

const ROUNDS = 15;
const SECONDS = 1;
const PATHS = ['veth', 'by hand', 'overlay'] as const;
type Path = (typeof PATHS)[number];

/** A vxlan of two hosts as the manual has it, beside flannel's, with the same MTU. */
function vxlanByHand(hosts: readonly TestHost[], mtu: number): void {
  for (const [index, { namespace, underlayAddress }] of hosts.entries()) {
    const other = hosts[1 - index]?.underlayAddress ?? '';
    namespace.ip(`link add hand type vxlan id 77 dev eth0 local ${underlayAddress} remote ${other} dstport 4789`);
    namespace.ip(`link set hand mtu ${mtu} up`);
    namespace.ip(`addr add 10.200.0.${index + 1}/24 dev hand`);
  }
}

function overlayOf({ namespace }: TestHost): { address: string; mtu: number } | undefined {
  const [link] = JSON.parse(namespace.ip('-j -4 addr show dev flannel.1')) as {
    mtu: number;
    addr_info: { local: string }[];
  }[];
  const address = link?.addr_info[0]?.local;
  return link === undefined || address === undefined ? undefined : { address, mtu: link.mtu };
}

/** Sender and receiver keep to a processor each: where the scheduler moves them, that is more than what the paths differ by. */
const PINNED = ['-A', '0,1'];

function bitsPerSecond(client: TestHost, target: string): number {
  const stream = ['-J', '-t', String(SECONDS), '-O', '0.3', ...PINNED, '-c', target];
  const argv = inNamespace(client.namespace.name, ['iperf3', ...stream]);
  const report = JSON.parse(run(...argv)) as { end: { sum_received: { bits_per_second: number } } };
  return report.end.sum_received.bits_per_second;
}

/** One TCP stream between two hosts: over weft's overlay, over a vxlan made by hand, and over the wire itself, in turn. */
export const runOverlayThroughputBench: Bench = async () => {
  await using lab = await makeLab({ hosts: 2 });
  const [client, server] = lab.hosts;
  if (client === undefined || server === undefined) throw new RangeError('two hosts are needed');
  await using first = await lab.start([], 0);
  await using second = await lab.start([], 1);
  for (const [agent, host] of [
    [first, client],
    [second, server],
  ] as const) {
    await untilReady(agent, { listen: STATUS_LISTEN, namespace: host.namespace.name });
  }
  const overlay = overlayOf(server);
  if (overlay === undefined) throw new RangeError('the overlay has no address');
  vxlanByHand(lab.hosts, overlay.mtu);
  await using listener = await startProcess(['iperf3', '-s'], { namespace: server.namespace.name });
  const targets: Readonly<Record<Path, string>> = {
    veth: server.underlayAddress,
    'by hand': '10.200.0.2',
    overlay: overlay.address,
  };
  for (const path of PATHS) {
    await until(() => client.namespace.try('ping', '-c1', '-W1', targets[path]).status === 0, {
      what: `${targets[path]} answers over ${path}, iperf3 ${listener.pid} listens`,
    });
  }
  const sample: Record<Path, number[]> = { veth: [], 'by hand': [], overlay: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    // Each path comes first, second and last equally often.
    for (const turn of PATHS.keys()) {
      const path = PATHS[(round + turn) % PATHS.length] ?? 'veth';
      sample[path].push(bitsPerSecond(client, targets[path]) / 1e9);
    }
  }
  const median = (path: Path): number => quantile(sample[path], 0.5);
  const name = `TCP through the overlay, one stream of ${SECONDS} s (median of ${ROUNDS}`;
  const row = (path: Path): BenchRow => ({
    name: `${name}, against ${path === 'veth' ? 'the bare veth' : 'a vxlan by hand'})`,
    value: median('overlay'),
    unit: 'Gbit/s',
    peer: `${path}, this run`,
    peerValue: median(path),
  });
  return [{ ...row('by hand'), bar: { atLeast: 0.97 } }, row('veth')];
};
