import { readFileSync, writeFileSync } from 'node:fs';
import { isCidr6 } from '../../native/net/ip.ts';
import type { Ipv4 } from '../../native/net/ipv4.ts';
import { decodeAddress, encodeGetAddresses, IFA_F, type Address } from '../../native/netlink/address.ts';
import { ERRNO, NetlinkError } from '../../native/netlink/errors.ts';
import { decodeLink, encodeDelLink, encodeGetLink, encodeGetLinks, type Link } from '../../native/netlink/link.ts';
import { AF, type Message } from '../../native/netlink/message.ts';
import { decodeFdb, decodeNeighbor, encodeGetFdb, encodeGetNeighbors, NUD } from '../../native/netlink/neighbor.ts';
import {
  decodeRoute,
  encodeGetRoutes,
  RT_SCOPE,
  RT_TABLE_MAIN,
  RTN,
  RTPROT,
  type Route,
} from '../../native/netlink/route.ts';
import type { NetlinkSocket, Outcome } from '../../native/netlink/socket.ts';
import type { ActualDevice } from '../model/device.ts';
import { findUnderlay, type CandidateAddress, type HostInterfaces, type Underlay } from '../model/interface-choice.ts';
import type { VxlanDevice } from '../model/overlay.ts';
import type { ActualOverlay, ActualRoute, Step } from '../model/plan.ts';
import { encodeCorrections, encodeCreate, encodePeerStep, isDoneAlready, stepText, type PeerStep } from './steps.ts';

/** What one pass needs to know. */
export interface KernelReading {
  /** The chosen interface as it stands now; `undefined` while it is gone or lacks the address. */
  readonly underlay: Underlay | undefined;
  readonly actual: ActualOverlay;
}

/** A step that the kernel refused. */
export interface StepFailure {
  readonly step: Step;
  readonly error: NetlinkError;
}

export interface Applied {
  readonly failures: readonly StepFailure[];
  /** The device as it is now; `undefined` when it could not be made. */
  readonly ifindex: number | undefined;
}

/** What `modprobe vxlan udp_port=…` sets; the kernel's own default is the port of the days before IANA gave one. */
const DEFAULT_PORT_FILE = '/sys/module/vxlan/parameters/udp_port';
const LINUX_DEFAULT_PORT = 8472;

const LINK_STEPS: ReadonlySet<Step['kind']> = new Set(['delete-link', 'create-link', 'set-link']);

function decoded<T>(messages: readonly Message[], decode: (message: Message) => T | undefined): T[] {
  const values: T[] = [];
  for (const message of messages) {
    const value = decode(message);
    if (value !== undefined) values.push(value);
  }
  return values;
}

type Address4 = Address & { readonly address: Ipv4 };

/** Every dump here is of IPv4. */
function decodeAddress4(message: Message): Address4 | undefined {
  const entry = decodeAddress(message);
  return typeof entry?.address === 'number' ? { ...entry, address: entry.address } : undefined;
}

function candidateAddress({ ifindex, address, scope, flags }: Address4): CandidateAddress {
  const permanent = (flags & IFA_F.PERMANENT) !== 0;
  const temporary = (flags & IFA_F.TEMPORARY) !== 0;
  return { ifindex, address, scope, permanent, temporary, deprecated: (flags & IFA_F.DEPRECATED) !== 0 };
}

function actualDevice({ ifindex, name, kind, mac, mtu, up, vxlan }: Link): ActualDevice {
  const settings = vxlan && { ...vxlan, l2miss: vxlan.l2miss ?? false, group: vxlan.group };
  return { ifindex, name, kind, mac, mtu, up, vxlan: kind === 'vxlan' ? settings : undefined };
}

/** A route with a metric is another one than ours to the same destination. */
function actualRoute(route: Route): ActualRoute | undefined {
  const { destination } = route;
  if (isCidr6(destination)) return undefined;
  if ((route.priority ?? 0) !== 0 || route.table !== RT_TABLE_MAIN) return undefined;
  const plain =
    route.protocol === RTPROT.BOOT &&
    route.scope === RT_SCOPE.UNIVERSE &&
    route.type === RTN.UNICAST &&
    route.prefSource === undefined &&
    route.nexthopId === undefined;
  return { destination, gateway: route.gateway, onlink: route.onlink, plain };
}

const isGone = (error: unknown): boolean => error instanceof NetlinkError && error.code === 'ENODEV';

/** The overlay in the kernel: reads what is ours, applies steps. Holds no state but the sockets. */
export class OverlayKernel {
  readonly #socket: NetlinkSocket;
  readonly #quickSocket: NetlinkSocket;
  #defaultPort: number | undefined;

  /** @param quickSocket for the short path, which must not wait for a dump on the other. */
  constructor(socket: NetlinkSocket, quickSocket: NetlinkSocket) {
    this.#socket = socket;
    this.#quickSocket = quickSocket;
  }

  /** The UDP port that a vxlan device gets when none is named. */
  get defaultPort(): number {
    try {
      this.#defaultPort ??= Number(readFileSync(DEFAULT_PORT_FILE, 'utf8').trim()) || undefined;
    } catch {
      // The module is not loaded yet, or built in without parameters.
    }
    return this.#defaultPort ?? LINUX_DEFAULT_PORT;
  }

  /** All interfaces, addresses and default routes, for the choice at the start. @throws {NetlinkError} */
  async readHost(signal: AbortSignal): Promise<HostInterfaces> {
    const links = decoded(await this.#socket.dump(encodeGetLinks(), signal), decodeLink);
    const addresses = decoded(await this.#socket.dump(encodeGetAddresses({ family: AF.INET }), signal), decodeAddress4);
    const routes = decoded(
      await this.#socket.dump(encodeGetRoutes({ family: AF.INET, table: RT_TABLE_MAIN }), signal),
      decodeRoute,
    );
    return {
      links,
      addresses: addresses.map(candidateAddress),
      defaultRoutes: routes
        .filter(({ destination, type }) => destination.prefixLength === 0 && type === RTN.UNICAST)
        .map(({ oif, priority }) => ({ family: 'ipv4', oif, metric: priority ?? 0 })),
      reachable: [],
    };
  }

  /** One interface by name, `undefined` if there is none. @throws {NetlinkError} */
  async findLink(name: string, signal: AbortSignal): Promise<Link | undefined> {
    try {
      return decodeLink(await this.#socket.get(encodeGetLink({ name }), signal));
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }

  /** The device, all that is on it, and the interface below. @throws {NetlinkError} */
  async read(names: { device: string; underlay: Underlay }, signal: AbortSignal): Promise<KernelReading> {
    const lower = await this.findLink(names.underlay.name, signal);
    const lowerAddresses = lower === undefined ? [] : await this.#addresses(lower.ifindex, signal);
    const underlay =
      lower && findUnderlay({ links: [lower], addresses: lowerAddresses.map(candidateAddress) }, names.underlay);
    const link = await this.findLink(names.device, signal);
    return { underlay, actual: await this.#readDevice(link, signal) };
  }

  /**
   * Applies steps in their order: those on the link one by one, the rest in batches. What fails is returned; a link that
   * cannot be made ends the pass. @throws the signal's reason.
   */
  async apply(steps: readonly Step[], ifindex: number | undefined, signal: AbortSignal): Promise<Applied> {
    const failures: StepFailure[] = [];
    let device = ifindex;
    for (const step of steps) {
      if (!LINK_STEPS.has(step.kind)) continue;
      try {
        device = (await this.#applyLinkStep(step, device, signal)) ?? device;
      } catch (error) {
        if (!(error instanceof NetlinkError)) throw error;
        failures.push({ step, error });
        if (step.kind !== 'set-link') return { failures, ifindex: undefined };
      }
    }
    const rest = steps.filter((step): step is PeerStep => !LINK_STEPS.has(step.kind));
    if (rest.length === 0 || device === undefined) return { failures, ifindex: device };
    const target = device;
    const outcomes = await this.#socket.transact(
      rest.map((step) => encodePeerStep(step, target)),
      signal,
    );
    return { failures: [...failures, ...failuresOf(rest, outcomes)], ifindex: device };
  }

  /** Applies the few steps of one lease at once, on the calling thread. */
  applySync(steps: readonly PeerStep[], ifindex: number): StepFailure[] {
    return failuresOf(steps, this.#quickSocket.transactSync(steps.map((step) => encodePeerStep(step, ifindex))));
  }

  async #addresses(ifindex: number, signal: AbortSignal): Promise<Address4[]> {
    try {
      return decoded(await this.#socket.dump(encodeGetAddresses({ family: AF.INET, ifindex }), signal), decodeAddress4);
    } catch (error) {
      if (isGone(error)) return [];
      throw error;
    }
  }

  async #readDevice(link: Link | undefined, signal: AbortSignal): Promise<ActualOverlay> {
    const empty = { device: undefined, addresses: [], neighbors: [], fdb: [], routes: [] };
    if (link === undefined) return empty;
    const device = actualDevice(link);
    const { ifindex } = link;
    // Anything but a vxlan device has no forwarding table that could be dumped, and goes anyway.
    if (device.vxlan === undefined) return { ...empty, device };
    try {
      const addresses = await this.#addresses(ifindex, signal);
      const neighbors = decoded(
        await this.#socket.dump(encodeGetNeighbors({ family: AF.INET, ifindex }), signal),
        decodeNeighbor,
      );
      const fdb = decoded(await this.#socket.dump(encodeGetFdb({ ifindex }), signal), decodeFdb);
      const routes = decoded(
        await this.#socket.dump(encodeGetRoutes({ family: AF.INET, oif: ifindex, table: RT_TABLE_MAIN }), signal),
        decodeRoute,
      );
      return {
        device,
        addresses,
        neighbors: neighbors.flatMap(({ destination, mac, state }) =>
          typeof destination === 'number'
            ? [{ address: destination, mac, permanent: (state & NUD.PERMANENT) !== 0 }]
            : [],
        ),
        fdb: fdb.map(({ mac, remote, state, vni, port }) => ({
          mac,
          // An entry with a VNI or port of its own leads elsewhere than ours do.
          remote: vni === undefined && port === undefined ? remote : undefined,
          permanent: (state & NUD.PERMANENT) !== 0,
        })),
        routes: routes.flatMap((route) => actualRoute(route) ?? []),
      };
    } catch (error) {
      if (isGone(error)) return empty; // deleted while it was read: the event wakes us again
      throw error;
    }
  }

  /** @returns the index of a device just made. @throws {NetlinkError} */
  async #applyLinkStep(step: Step, ifindex: number | undefined, signal: AbortSignal): Promise<number | undefined> {
    if (step.kind === 'delete-link') {
      await this.#one(step, encodeDelLink(step.ifindex), signal);
    } else if (step.kind === 'create-link') {
      return this.#create(step, step.device, signal);
    } else if (step.kind === 'set-link' && ifindex !== undefined) {
      for (const message of encodeCorrections(step.correction, ifindex)) await this.#one(step, message, signal);
    }
    return undefined;
  }

  async #create(step: Step, device: VxlanDevice, signal: AbortSignal): Promise<number> {
    await this.#one(step, encodeCreate(device, this.defaultPort), signal);
    const link = await this.findLink(device.name, signal);
    if (link === undefined) {
      throw new NetlinkError({ operation: 'find', errno: ERRNO.ENODEV, target: device.name });
    }
    try {
      writeFileSync(`/proc/sys/net/ipv6/conf/${device.name}/accept_ra`, '0');
    } catch {
      // Without IPv6 there is nothing to switch off.
    }
    for (const message of encodeCorrections({ up: true }, link.ifindex)) await this.#one(step, message, signal);
    return link.ifindex;
  }

  async #one(step: Step, message: Buffer, signal: AbortSignal): Promise<void> {
    const outcomes = await this.#socket.transact([message], signal);
    const [failure] = failuresOf([step], outcomes);
    if (failure !== undefined) throw failure.error;
  }
}

function failuresOf(steps: readonly Step[], outcomes: readonly Outcome[]): StepFailure[] {
  return outcomes.flatMap(({ errno, kernelMessage }, index): StepFailure[] => {
    const step = steps[index];
    if (errno === 0 || step === undefined || isDoneAlready(step, errno)) return [];
    const { operation, target, hint } = stepText(step, errno);
    return [{ step, error: new NetlinkError({ operation, errno, target, kernelMessage: hint ?? kernelMessage }) }];
  });
}
