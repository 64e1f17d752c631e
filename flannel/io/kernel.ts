import { readFileSync, writeFileSync } from 'node:fs';
import type { Cidr, IpAddress } from '../../native/net/ip.ts';
import { ERRNO, NetlinkError } from '../../native/netlink/errors.ts';
import { decodeLink, encodeDelLink, encodeGetLinks, type Link } from '../../native/netlink/link.ts';
import type { Route } from '../../native/netlink/route.ts';
import type { NetlinkSocket, Outcome } from '../../native/netlink/socket.ts';
import { findUnderlay, type HostInterfaces, type Underlay } from '../model/interface-choice.ts';
import type { ConflictView } from '../model/conflicts.ts';
import type { Family } from '../model/overlay.ts';
import type { ActualPlainTunnel } from '../model/plain-tunnel.ts';
import type { ActualWireguard } from '../model/plan-wireguard.ts';
import type { ActualOverlay } from '../model/plan.ts';
import type { Step } from '../model/step.ts';
import { readConflictView } from './conflict-view.ts';
import { candidateAddress, readHostInterfaces } from './host-interfaces.ts';
import { acceptRaFile, addressesOf, disableIpv6File, findLink } from './links.ts';
import { blackholesOf, readMainRoutes } from './read-routes.ts';
import { readPlainTunnel } from './read-plain-tunnel.ts';
import { TunnelReader } from './read-tunnel.ts';
import {
  encodeCorrections,
  encodeCreate,
  encodeCreateTunnel,
  encodePeerStep,
  isDoneAlready,
  RTPROT_WEFT,
  stepText,
  type PeerStep,
} from './steps.ts';
import { isWireguardStep, type WireguardControl, type WireguardStep } from './wireguard-control.ts';

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
const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];

const LINK_STEPS: ReadonlySet<Step['kind']> = new Set(['delete-link', 'create-link', 'create-tunnel', 'set-link']);

/** The overlay in the kernel: reads what is ours, applies steps. Holds no state but the sockets and what was read last. */
export class OverlayKernel {
  readonly #socket: NetlinkSocket;
  readonly #quickSocket: NetlinkSocket;
  readonly #tunnels = new Map<string, TunnelReader>();
  #defaultPort: number | undefined;

  readonly #wireguard: WireguardControl | undefined;

  /**
   * @param quickSocket for the short path, which must not wait for a dump on the other.
   * @param wireguard for that backend alone.
   */
  constructor(socket: NetlinkSocket, quickSocket: NetlinkSocket, wireguard?: WireguardControl) {
    this.#socket = socket;
    this.#quickSocket = quickSocket;
    this.#wireguard = wireguard;
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

  /** All that the choice of an interface looks at, and the ways to `targets`. @throws {NetlinkError} */
  async readHost(targets: readonly IpAddress[], signal: AbortSignal): Promise<HostInterfaces> {
    return readHostInterfaces(this.#socket, targets, signal);
  }

  /** One interface by name, `undefined` if there is none. @throws {NetlinkError} */
  async findLink(name: string, signal: AbortSignal): Promise<Link | undefined> {
    return findLink(this.#socket, name, signal);
  }

  /** The chosen interface as it stands now; `undefined` while it is gone or lacks an address. @throws {NetlinkError} */
  async readUnderlay(chosen: Underlay, signal: AbortSignal): Promise<Underlay | undefined> {
    const link = await findLink(this.#socket, chosen.name, signal);
    if (link === undefined) return undefined;
    const families = FAMILIES.filter((family) => chosen[family] !== undefined);
    const addresses = await addressesOf(this.#socket, { ifindex: link.ifindex, families }, signal);
    return findUnderlay({ links: [link], addresses: addresses.map(candidateAddress) }, chosen);
  }

  /** One VXLAN device and all that is on it; unchanged tables are the very arrays of the time before. @throws {NetlinkError} */
  async readTunnel(
    which: { readonly name: string; readonly family: Family },
    signal: AbortSignal,
  ): Promise<ActualOverlay> {
    const reader = this.#tunnels.get(which.name) ?? new TunnelReader(this.#socket, which);
    this.#tunnels.set(which.name, reader);
    return reader.read(signal);
  }

  /** An ipip or wireguard device. @throws {NetlinkError} */
  async readPlainTunnel(
    which: { readonly name: string; readonly families: readonly Family[] },
    signal: AbortSignal,
  ): Promise<ActualPlainTunnel> {
    return readPlainTunnel(this.#socket, which, signal);
  }

  /** Keys and peers of a wireguard device; `undefined` when it is gone. @throws {NetlinkError} */
  async readWireguard(ifindex: number, signal: AbortSignal): Promise<ActualWireguard | undefined> {
    return this.#wireguard?.read(ifindex, signal);
  }

  /** The black holes of ours in one family. @throws {NetlinkError} */
  async readBlackholes(family: Family, signal: AbortSignal): Promise<Cidr[]> {
    const table = await readMainRoutes(this.#socket, { family, protocol: RTPROT_WEFT }, signal);
    return blackholesOf(table);
  }

  /** The main table of a family. @throws {NetlinkError} */
  async readRoutes(family: Family, signal: AbortSignal): Promise<Route[]> {
    return readMainRoutes(this.#socket, { family }, signal);
  }

  /** What can be in the overlay's way. @throws {NetlinkError} */
  async readConflicts(families: readonly Family[], signal: AbortSignal): Promise<ConflictView> {
    return readConflictView(this.#socket, families, signal);
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
    if (device === undefined) return { failures, ifindex: device };
    const target = device;
    failures.push(...(await this.#applyWireguard(steps.filter(isWireguardStep), target, signal)));
    const rest = steps.filter((step): step is PeerStep => !LINK_STEPS.has(step.kind) && !isWireguardStep(step));
    if (rest.length === 0) return { failures, ifindex: device };
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

  async #applyWireguard(steps: readonly WireguardStep[], ifindex: number, signal: AbortSignal): Promise<StepFailure[]> {
    if (steps.length === 0 || this.#wireguard === undefined) return [];
    return failuresOf(steps, await this.#wireguard.apply(steps, ifindex, signal));
  }

  /** @returns the index of a device just made. @throws {NetlinkError} */
  async #applyLinkStep(step: Step, ifindex: number | undefined, signal: AbortSignal): Promise<number | undefined> {
    if (step.kind === 'delete-link') {
      await this.#one(step, encodeDelLink(step.ifindex), signal);
    } else if (step.kind === 'create-link') {
      return this.#create(
        step,
        { name: step.device.name, message: encodeCreate(step.device, this.defaultPort) },
        signal,
      );
    } else if (step.kind === 'create-tunnel') {
      return this.#create(step, { name: step.tunnel.name, message: encodeCreateTunnel(step.tunnel) }, signal);
    } else if (step.kind === 'set-link' && ifindex !== undefined) {
      for (const message of encodeCorrections(step.correction, ifindex)) await this.#one(step, message, signal);
      const { acceptRa, disableIpv6 } = step.correction;
      if (acceptRa === undefined && disableIpv6 === undefined) return undefined;
      const name = await this.#nameOf(ifindex, signal);
      if (acceptRa !== undefined) switchOff(acceptRaFile, name);
      if (disableIpv6 !== undefined) switchOff(disableIpv6File, name);
    }
    return undefined;
  }

  async #nameOf(ifindex: number, signal: AbortSignal): Promise<string | undefined> {
    const links = await this.#socket.collect(encodeGetLinks(), decodeLink, signal);
    return links.find((link) => link.ifindex === ifindex)?.name;
  }

  async #create(step: Step, device: { name: string; message: Buffer }, signal: AbortSignal): Promise<number> {
    await this.#one(step, device.message, signal);
    const link = await this.findLink(device.name, signal);
    if (link === undefined) {
      throw new NetlinkError({ operation: 'find', errno: ERRNO.ENODEV, target: device.name });
    }
    switchOff(acceptRaFile, device.name);
    // A host may have it for every new device; where an IPv4 device stands that is not ours to change.
    if (step.kind === 'create-link' && typeof step.device.local === 'bigint') {
      switchOff(disableIpv6File, device.name);
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

function switchOff(file: (name: string) => string, name: string | undefined): void {
  if (name === undefined) return;
  try {
    writeFileSync(file(name), '0');
  } catch {
    // Without IPv6 there is nothing to switch off. Where /proc/sys cannot be written, an address that is refused tells it.
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
