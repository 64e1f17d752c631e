import { setTimeout as sleep } from 'node:timers/promises';
import { decodeLink, encodeGetLinks } from '../../native/netlink/link.ts';
import { AF } from '../../native/netlink/message.ts';
import {
  decodeFdb,
  decodeNeighbor,
  encodeDelFdb,
  encodeDelNeighbor,
  encodeGetFdb,
  encodeGetNeighbors,
  NUD,
} from '../../native/netlink/neighbor.ts';
import { decodeRoute, encodeDelRoute, encodeGetRoutes } from '../../native/netlink/route.ts';
import { openRouteSocket, type NetlinkSocket } from '../../native/netlink/socket.ts';
import { until } from '../support/until.ts';
import { secondsBetween, type KernelWrite } from './kernel-clock.ts';
import type { OverlayLab } from './overlay-lab.ts';
import { quantile, type BenchRow } from './row.ts';

const ROUNDS = 100;
/** More than the pause after a pass, so that each repair starts from a loop at rest. */
const REST_MS = 150;
const LIMIT_MS = 200;

interface Damage {
  readonly what: string;
  readonly kind: KernelWrite['kind'];
  /** One message that deletes, for each entry that can be a victim. */
  readonly victims: (socket: NetlinkSocket, ifindex: number) => Promise<Buffer[]>;
}

const present = <T>(entries: readonly (T | undefined)[]): T[] => entries.filter((entry) => entry !== undefined);

const DAMAGES: readonly Damage[] = [
  {
    what: 'route',
    kind: 'route',
    victims: async (socket, oif) =>
      present((await socket.dump(encodeGetRoutes({ family: AF.INET, oif }))).map(decodeRoute))
        .filter(({ onlink }) => onlink)
        .map(encodeDelRoute),
  },
  {
    what: 'neighbour',
    kind: 'neighbor',
    victims: async (socket, ifindex) =>
      present((await socket.dump(encodeGetNeighbors({ family: AF.INET, ifindex }))).map(decodeNeighbor))
        .filter(({ state }) => (state & NUD.PERMANENT) !== 0)
        .map(encodeDelNeighbor),
  },
  {
    what: 'FDB entry',
    kind: 'neighbor',
    victims: async (socket, ifindex) =>
      present((await socket.dump(encodeGetFdb({ ifindex }))).map(decodeFdb))
        .filter(({ remote }) => remote !== undefined)
        .map(encodeDelFdb),
  },
];

/** Deletes one entry after the other; each time until the kernel tells of two changes: gone, and back. */
async function repairs(lab: OverlayLab, socket: NetlinkSocket, damage: Damage): Promise<number[]> {
  const links = present((await socket.dump(encodeGetLinks())).map(decodeLink));
  const device = links.find(({ name }) => name === 'flannel.1');
  if (device === undefined) throw new RangeError('the host has no flannel.1');
  const victims = (await damage.victims(socket, device.ifindex)).slice(0, ROUNDS);
  using clock = lab.clock();
  const sample: number[] = [];
  for (const victim of victims) {
    const before = clock.writes.length;
    const startNanos = process.hrtime.bigint();
    socket.transactSync([victim]);
    const back = await until(() => clock.writes.slice(before).filter(({ kind }) => kind === damage.kind)[1], {
      what: `the ${damage.what} is back`,
      everyMs: 1,
    });
    sample.push(secondsBetween(startNanos, back.atNanos) * 1000);
    await sleep(REST_MS);
  }
  return sample;
}

/** How long somebody's deletion lasts, of each thing that a peer has. */
export async function measureDrift(lab: OverlayLab): Promise<BenchRow[]> {
  await using socket = openRouteSocket({ netns: { kind: 'name', name: lab.hosts[0]?.namespace.name ?? '' } });
  const rows: BenchRow[] = [];
  for (const damage of DAMAGES) {
    const sample = await repairs(lab, socket, damage);
    rows.push({
      name: `a peer's ${damage.what} deleted → back: p99 of ${sample.length}`,
      value: quantile(sample, 0.99),
      unit: 'ms',
      peer: 'limit',
      peerValue: LIMIT_MS,
      bar: { atMost: 1 },
    });
  }
  return rows;
}
