import { formatCidr4, type Cidr4 } from '../../native/net/cidr.ts';
import { formatIp, type IpAddress } from '../../native/net/ip.ts';
import { encodeDelAddress, encodeNewAddress } from '../../native/netlink/address.ts';
import { ERRNO } from '../../native/netlink/errors.ts';
import { encodeNewVxlan, encodeSetLink, encodeSetVxlanLearning } from '../../native/netlink/link.ts';
import {
  encodeDelFdb,
  encodeDelNeighbor,
  encodeReplaceFdb,
  encodeReplaceNeighbor,
  NTF,
  NUD,
} from '../../native/netlink/neighbor.ts';
import {
  encodeDelRoute,
  encodeNewRoute,
  encodeReplaceRoute,
  RT_SCOPE,
  RT_TABLE_MAIN,
  RTN,
  RTPROT,
  type Route,
} from '../../native/netlink/route.ts';
import type { DeviceCorrection } from '../model/device.ts';
import type { VxlanDevice } from '../model/overlay.ts';
import type { Step } from '../model/plan.ts';

/** A step that is one message to a device which exists. */
export type PeerStep = Exclude<Step, { kind: 'delete-link' | 'create-link' | 'set-link' }>;

/** As flannel sends it; the port goes unsaid where it is the kernel's default. */
export function encodeCreate(device: VxlanDevice, defaultPort: number): Buffer {
  const { name, mac, mtu, vni, lowerIfindex, local, learning, gbp } = device;
  const port = device.port === defaultPort ? 0 : device.port;
  return encodeNewVxlan({ name, mac, mtu, txQueueLength: 0, vxlan: { vni, lowerIfindex, local, port, learning, gbp } });
}

/** One message each, so that a refused MTU does not keep the MAC from being set. */
export function encodeCorrections({ mac, mtu, learning, up }: DeviceCorrection, ifindex: number): Buffer[] {
  return [
    ...(mac === undefined ? [] : [encodeSetLink(ifindex, { mac })]),
    ...(mtu === undefined ? [] : [encodeSetLink(ifindex, { mtu })]),
    ...(learning === undefined ? [] : [encodeSetVxlanLearning(ifindex, { learning })]),
    ...(up === undefined ? [] : [encodeSetLink(ifindex, { up })]),
  ];
}

function overlayRoute(destination: Cidr4, gateway: IpAddress | undefined, oif: number): Route {
  return {
    destination,
    gateway,
    oif,
    table: RT_TABLE_MAIN,
    protocol: RTPROT.BOOT,
    scope: RT_SCOPE.UNIVERSE,
    type: RTN.UNICAST,
    onlink: true,
    priority: undefined,
    nexthopId: undefined,
    prefSource: undefined,
  };
}

/** The one netlink message of a step. */
export function encodePeerStep(step: PeerStep, ifindex: number): Buffer {
  const neighbor = { ifindex, state: NUD.PERMANENT, flags: 0 };
  const fdb = { ifindex, state: NUD.PERMANENT, flags: NTF.SELF };
  switch (step.kind) {
    case 'add-address':
      return encodeNewAddress({ ifindex, address: step.address, prefixLength: 32 });
    case 'remove-address':
      return encodeDelAddress({ ifindex, address: step.address, prefixLength: step.prefixLength });
    case 'set-neighbor':
      return encodeReplaceNeighbor({ ...neighbor, destination: step.address, mac: step.mac });
    case 'remove-neighbor':
      return encodeDelNeighbor({ ...neighbor, destination: step.address, mac: undefined });
    case 'set-fdb':
      return encodeReplaceFdb({ ...fdb, mac: step.mac, remote: step.remote });
    case 'remove-fdb':
      return encodeDelFdb({ ...fdb, mac: step.mac, remote: step.remote });
    case 'add-route':
      return encodeNewRoute(overlayRoute(step.destination, step.destination.address, ifindex));
    case 'replace-route':
      return encodeReplaceRoute(overlayRoute(step.destination, step.destination.address, ifindex));
    case 'remove-route': {
      const route = overlayRoute(step.destination, step.gateway, ifindex);
      // Whoever set it: it is on our device, inside our network and onlink.
      return encodeDelRoute({ ...route, protocol: RTPROT.UNSPEC, type: RTN.UNSPEC });
    }
  }
}

const GONE: ReadonlySet<number> = new Set([ERRNO.ENOENT, ERRNO.ESRCH, ERRNO.EADDRNOTAVAIL, ERRNO.ENODEV]);

/** Somebody did it first: what was to be removed is not there, the address to be added is. */
export function isDoneAlready(step: Step, errno: number): boolean {
  if (step.kind.startsWith('remove-') || step.kind === 'delete-link') return GONE.has(errno);
  return step.kind === 'add-address' && errno === ERRNO.EEXIST;
}

export interface StepText {
  readonly operation: string;
  readonly target: string;
  /** What the error number means here, where the kernel says nothing. */
  readonly hint: string | undefined;
}

const correctionText = (correction: DeviceCorrection): string =>
  Object.entries(correction)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');

function targetOf(step: Step): string {
  if ('device' in step) return step.device.name;
  if ('correction' in step) return correctionText(step.correction);
  if ('destination' in step) return formatCidr4(step.destination);
  if ('remote' in step) return `${step.mac} dst ${formatIp(step.remote)}`;
  if ('name' in step) return step.name;
  return 'prefixLength' in step ? formatCidr4(step) : formatIp(step.address);
}

/** A step and its failure in a person's words. */
export function stepText(step: Step, errno: number): StepText {
  const operation = step.kind.replace('-', ' ');
  const target = targetOf(step);
  if (errno === ERRNO.EEXIST && step.kind === 'create-link') {
    const { vni, port } = step.device;
    return {
      operation,
      target,
      hint: `another vxlan device has VNI ${vni} and port ${port}: delete it, or change VNI or Port`,
    };
  }
  if (errno === ERRNO.EEXIST && step.kind === 'add-route') {
    return { operation, target, hint: 'a route of somebody else to this subnet is in the way: see `ip route show`' };
  }
  if (errno === ERRNO.EPERM) return { operation, target, hint: 'CAP_NET_ADMIN is missing' };
  return { operation, target, hint: undefined };
}
