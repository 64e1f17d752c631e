import { AF } from '../../native/netlink/message.ts';
import {
  decodeFdb,
  decodeNeighbor,
  encodeDelFdb,
  encodeDelNeighbor,
  encodeGetFdb,
  encodeGetNeighbors,
  NUD,
  type FdbEntry,
  type Neighbor,
} from '../../native/netlink/neighbor.ts';
import { decodeLink, encodeDelLink, encodeGetLink, encodeGetLinks } from '../../native/netlink/link.ts';
import { decodeRoute, encodeDelRoute, encodeGetRoutes, type Route } from '../../native/netlink/route.ts';
import { openRouteSocket, type NetlinkSocket } from '../../native/netlink/socket.ts';
import { quantile, type BenchRow } from './row.ts';

const ROUNDS = 15;
const DEADLINE_MS = 5_000;
/** Between rounds, so that each repair starts from a loop at rest. */
const REST_MS = 120;

interface Victim {
  /** Breaks one thing. */
  readonly strike: () => void;
  /** Whether it is whole again. */
  readonly repaired: () => Promise<boolean>;
}

interface Damage {
  readonly name: string;
  readonly choose: (socket: NetlinkSocket, device: string) => Promise<Victim>;
}

async function deviceOf(socket: NetlinkSocket, name: string): Promise<number | undefined> {
  const links = (await socket.dump(encodeGetLinks())).map(decodeLink);
  return links.find((link) => link?.name === name)?.ifindex;
}

async function expectDevice(socket: NetlinkSocket, name: string): Promise<number> {
  const ifindex = await deviceOf(socket, name);
  if (ifindex === undefined) throw new RangeError(`no ${name} in the host's namespace`);
  return ifindex;
}

const present = <T>(entries: readonly (T | undefined)[]): T[] => entries.filter((entry) => entry !== undefined);

async function routes(socket: NetlinkSocket, oif: number): Promise<Route[]> {
  return present((await socket.dump(encodeGetRoutes({ family: AF.INET, oif }))).map(decodeRoute)).filter(
    (route) => route.onlink,
  );
}

async function neighbors(socket: NetlinkSocket, ifindex: number): Promise<Neighbor[]> {
  const all = present((await socket.dump(encodeGetNeighbors({ family: AF.INET, ifindex }))).map(decodeNeighbor));
  return all.filter((entry) => (entry.state & NUD.PERMANENT) !== 0 && entry.mac !== undefined);
}

async function fdb(socket: NetlinkSocket, ifindex: number): Promise<FdbEntry[]> {
  return present((await socket.dump(encodeGetFdb({ ifindex }))).map(decodeFdb)).filter(
    (entry) => entry.remote !== undefined,
  );
}

const DAMAGES: readonly Damage[] = [
  {
    name: 'a peer route deleted → back',
    choose: async (socket, device) => {
      const ifindex = await expectDevice(socket, device);
      const before = await routes(socket, ifindex);
      const [victim] = before;
      if (victim === undefined) throw new RangeError(`${device} has no peer route to delete`);
      return {
        strike: () => socket.transactSync([encodeDelRoute(victim)]),
        repaired: async () => (await routes(socket, ifindex)).length === before.length,
      };
    },
  },
  {
    name: 'a peer neighbour deleted → back',
    choose: async (socket, device) => {
      const ifindex = await expectDevice(socket, device);
      const before = await neighbors(socket, ifindex);
      const [victim] = before;
      if (victim === undefined) throw new RangeError(`${device} has no neighbour to delete`);
      return {
        strike: () => socket.transactSync([encodeDelNeighbor(victim)]),
        repaired: async () => (await neighbors(socket, ifindex)).length === before.length,
      };
    },
  },
  {
    name: 'a peer FDB entry deleted → back',
    choose: async (socket, device) => {
      const ifindex = await expectDevice(socket, device);
      const before = await fdb(socket, ifindex);
      const [victim] = before;
      if (victim === undefined) throw new RangeError(`${device} has no FDB entry to delete`);
      return {
        strike: () => socket.transactSync([encodeDelFdb(victim)]),
        repaired: async () => (await fdb(socket, ifindex)).length === before.length,
      };
    },
  },
  {
    name: 'flannel.1 deleted → device, address and all peers back',
    choose: async (socket, device) => {
      const ifindex = await expectDevice(socket, device);
      const wanted = (await routes(socket, ifindex)).length;
      const repaired = async (): Promise<boolean> => {
        const again = await deviceOf(socket, device);
        if (again === undefined || decodeLink(await socket.get(encodeGetLink({ ifindex: again })))?.up !== true)
          return false;
        const counts = [await routes(socket, again), await neighbors(socket, again), await fdb(socket, again)];
        return counts.every((entries) => entries.length === wanted);
      };
      return { strike: () => socket.transactSync([encodeDelLink(ifindex)]), repaired };
    },
  },
];

async function repairMs(socket: NetlinkSocket, device: string, damage: Damage): Promise<number> {
  const { strike, repaired } = await damage.choose(socket, device);
  // From before the blow: while the kernel is still taking a device apart, the agent may be at work already.
  const start = performance.now();
  strike();
  while (!(await repaired())) {
    if (performance.now() - start > DEADLINE_MS) throw new RangeError(`${damage.name}: not within ${DEADLINE_MS} ms`);
  }
  return performance.now() - start;
}

/** Breaks one host's overlay by hand, again and again, and times the agent's repair. */
export async function measureRepairs(namespace: string, device: string): Promise<BenchRow[]> {
  await using socket = openRouteSocket({ netns: { kind: 'name', name: namespace } });
  const rows: BenchRow[] = [];
  for (const damage of DAMAGES) {
    const sample: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      sample.push(await repairMs(socket, device, damage));
      await new Promise((resolve) => setTimeout(resolve, REST_MS));
    }
    rows.push({ name: `${damage.name}, p50`, value: quantile(sample, 0.5), unit: 'ms', peer: 'flanneld: up to 23 h' });
    rows.push({
      name: `${damage.name}, worst of ${ROUNDS}`,
      value: Math.max(...sample),
      unit: 'ms',
      peer: 'bar of 1 s',
      peerValue: 1000,
    });
  }
  return rows;
}
