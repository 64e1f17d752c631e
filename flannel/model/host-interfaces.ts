import type { IpAddress } from '../../native/net/ip.ts';
import type { Ipv4 } from '../../native/net/ipv4.ts';
import type { Ipv6 } from '../../native/net/ipv6.ts';
import type { CandidateAddress, IpFamily } from './interface-address.ts';

export interface CandidateLink {
  readonly ifindex: number;
  readonly name: string;
  readonly mtu: number;
  readonly up: boolean;
}

export interface DefaultRoute {
  readonly family: IpFamily;
  /** `undefined` for a route with several next hops. */
  readonly oif: number | undefined;
  readonly metric: number;
}

/** The kernel's answer to `ip route get TARGET`. */
export interface ReachableTarget {
  readonly target: IpAddress;
  readonly oif: number;
  readonly source: IpAddress;
}

export interface HostInterfaces {
  readonly links: readonly CandidateLink[];
  readonly addresses: readonly CandidateAddress[];
  /** Of the main table, in the kernel's order. */
  readonly defaultRoutes: readonly DefaultRoute[];
  /** For `--iface-can-reach`: no entry where there is no route. */
  readonly reachable: readonly ReachableTarget[];
}

export interface InterfaceWish {
  /** `--iface`: names or addresses. */
  readonly iface: readonly string[];
  /** `--iface-regex`. */
  readonly ifaceRegex: readonly string[];
  readonly ifaceCanReach: IpAddress | undefined;
  readonly publicIp: Ipv4 | undefined;
  readonly publicIpv6: Ipv6 | undefined;
}

/** Which ways have to be asked for before the choice. */
export function targetsOf({ ifaceCanReach }: InterfaceWish): IpAddress[] {
  return ifaceCanReach === undefined ? [] : [ifaceCanReach];
}

/** The families that the network config has; at least one. */
export interface Stacks {
  readonly ipv4: boolean;
  readonly ipv6: boolean;
}

/** Where the overlay's packets leave this host. Name and addresses are the choice, the rest is how it stands now. */
export interface Underlay {
  readonly name: string;
  readonly ifindex: number;
  readonly mtu: number;
  /** The interface's own address, which packets come from; `undefined` for a family that the network does not have. */
  readonly ipv4: Ipv4 | undefined;
  readonly ipv6: Ipv6 | undefined;
  /** What other hosts are told to send to. */
  readonly publicIp: Ipv4 | undefined;
  readonly publicIpv6: Ipv6 | undefined;
}

/** Something that was looked at and not taken, and the reason. */
export interface Rejection {
  readonly what: string;
  readonly why: string;
}

export interface UnderlayChoice {
  readonly underlay: Underlay;
  readonly because: string;
  readonly rejected: readonly Rejection[];
}

/** No interface fits; one sentence. */
export class InterfaceChoiceError extends Error {
  override readonly name = 'InterfaceChoiceError';
  readonly rejected: readonly Rejection[];

  constructor(message: string, rejected: readonly Rejection[] = []) {
    super(message);
    this.rejected = rejected;
  }
}
