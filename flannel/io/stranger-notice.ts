import { RTM, type Message } from '../../native/netlink/message.ts';
import { decodeRoute, RT_TABLE_MAIN } from '../../native/netlink/route.ts';

/** The devices that are ours, by their index. */
export interface OwnDevices {
  readonly tunnels: ReadonlyMap<number, unknown>;
  /** ipip and wireguard. */
  readonly ownIfindexes: ReadonlySet<number>;
}

/** ndmsg, ifaddrmsg and ifinfomsg all have their interface index here. */
const INDEX = 4;
const LINK_OR_ADDRESS: ReadonlySet<number> = new Set([RTM.NEWLINK, RTM.DELLINK, RTM.NEWADDR, RTM.DELADDR]);
const ROUTE: ReadonlySet<number> = new Set([RTM.NEWROUTE, RTM.DELROUTE]);

/**
 * Remembers whether anything changed on this host that is not ours and may be in the overlay's way, since somebody last looked: a
 * look reads every link, address and route.
 */
export class StrangerNotice {
  #changed = true;

  /** Something that no event told. */
  change(): void {
    this.#changed = true;
  }

  /** Takes note of a batch of events. */
  see(messages: readonly Message[], own: OwnDevices): void {
    this.#changed ||= messages.some((message) => isStranger(message, own));
  }

  /** Whether to look; from now on only what comes later counts. */
  take(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }
}

function isStranger(message: Message, { tunnels, ownIfindexes }: OwnDevices): boolean {
  const isOurs = (ifindex: number): boolean => tunnels.has(ifindex) || ownIfindexes.has(ifindex);
  if (LINK_OR_ADDRESS.has(message.type)) return !isOurs(message.payload.readInt32LE(INDEX));
  if (!ROUTE.has(message.type)) return false;
  const route = decodeRoute(message);
  return route?.table === RT_TABLE_MAIN && !(route.oif !== undefined && isOurs(route.oif));
}
