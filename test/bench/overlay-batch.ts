import { writeFileSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addIpv4, formatIpv4, parseIpv4 } from '../../native/net/ipv4.ts';
import { startProcess } from '../support/processes.ts';
import { secondsBetween } from './kernel-clock.ts';
import type { OverlayLab } from './overlay-lab.ts';

const DEVICE = 'flannel.1';

interface Entry {
  readonly subnet: string;
  readonly mac: string;
  readonly publicIp: string;
}

/** The entries of lease number `number` of lease-writer.ts. */
function entryOf(number: number): Entry {
  const bytes = [2, 0, 0, number >>> 16, (number >>> 8) & 255, number & 255];
  return {
    subnet: formatIpv4(addIpv4(parseIpv4('10.64.0.0'), number * 256)),
    mac: bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':'),
    publicIp: formatIpv4(addIpv4(parseIpv4('172.20.0.0'), number)),
  };
}

const lines = (entries: readonly Entry[], line: (entry: Entry, index: number) => string): string =>
  `${entries.map(line).join('\n')}\n`;

/** One file for each program, in the order in which they run. */
function scripts(entries: readonly Entry[], routes: 'plain' | 'nexthop'): { program: string; text: string }[] {
  const neighbors = lines(
    entries,
    ({ subnet, mac }) => `neigh replace ${subnet} lladdr ${mac} dev ${DEVICE} nud permanent`,
  );
  const fdb = lines(entries, ({ mac, publicIp }) => `fdb replace ${mac} dev ${DEVICE} dst ${publicIp} self permanent`);
  const plain = lines(entries, ({ subnet }) => `route add ${subnet}/24 via ${subnet} dev ${DEVICE} onlink`);
  const nexthops = lines(
    entries,
    ({ subnet }, index) => `nexthop add id ${index + 1} via ${subnet} dev ${DEVICE} onlink`,
  );
  const overNexthops = lines(entries, ({ subnet }, index) => `route add ${subnet}/24 nhid ${index + 1}`);
  return [
    { program: 'ip', text: neighbors },
    { program: 'bridge', text: fdb },
    ...(routes === 'plain'
      ? [{ program: 'ip', text: plain }]
      : [
          { program: 'ip', text: nexthops },
          { program: 'ip', text: overNexthops },
        ]),
  ];
}

/** What a person would do: the same entries by `ip -batch` and `bridge -batch`, from the first to the last of them, seconds. */
export async function batchSeconds(lab: OverlayLab, peers: number, routes: 'plain' | 'nexthop'): Promise<number> {
  const [host] = lab.hosts;
  if (host === undefined) throw new RangeError('the lab has no host');
  const folder = mkdtempSync(join(tmpdir(), 'weft-bench-batch-'));
  try {
    const entries = Array.from({ length: peers }, (_, index) => entryOf(index + 1));
    const commands = scripts(entries, routes).map(({ program, text }, index) => {
      const file = join(folder, String(index));
      writeFileSync(file, text);
      return `${program} -batch ${file}`;
    });
    host.namespace.ip(
      `link add ${DEVICE} type vxlan id 1 dev eth0 local ${host.underlayAddress} nolearning dstport 8472`,
    );
    host.namespace.ip(`link set ${DEVICE} up`);
    using clock = lab.clock();
    await using child = await startProcess(['sh', '-ec', commands.join('\n')], { namespace: host.namespace.name });
    const last = await clock.route(peers, () => (child.exit()?.code === 0 ? undefined : exitText(child)));
    await child.exited;
    return secondsBetween(clock.firstNanos ?? last, last);
  } finally {
    lab.wipe();
    rmSync(folder, { recursive: true });
  }
}

function exitText(child: Awaited<ReturnType<typeof startProcess>>): string | undefined {
  return child.exit() === undefined ? undefined : `the batch failed: ${child.stderr().slice(-500)}`;
}
