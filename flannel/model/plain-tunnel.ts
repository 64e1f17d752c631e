import { cidrContains, cidrKey, type InterfaceAddress, type IpAddress } from '../../native/net/ip.ts';
import type { Ipv4 } from '../../native/net/ipv4.ts';
import { ipv6Correction, type DeviceCorrection } from './device.ts';
import type { PlainDevice, PlainRoute, PlainTunnel } from './overlay.ts';
import { isInside } from './plan.ts';
import type { Step } from './step.ts';

export interface ActualPlainDevice {
  readonly ifindex: number;
  readonly name: string;
  readonly kind: string | undefined;
  readonly local: Ipv4 | undefined;
  readonly mtu: number;
  readonly up: boolean;
  /** `net.ipv6.conf.<name>.disable_ipv6`; `undefined` without IPv6. */
  readonly disableIpv6: number | undefined;
}

/** A route of the main table over the device, without metric of its own. */
export interface ActualPlainRoute extends PlainRoute {
  /** All else is as we set it. */
  readonly plain: boolean;
}

export interface ActualPlainTunnel {
  readonly device: ActualPlainDevice | undefined;
  readonly addresses: readonly InterfaceAddress[];
  readonly routes: readonly ActualPlainRoute[];
}

function incompatibility(wanted: PlainDevice, found: ActualPlainDevice): string | undefined {
  if (found.kind !== wanted.kind) return `link type: ${wanted.kind} vs ${found.kind ?? 'none'}`;
  return found.local === wanted.local ? undefined : 'local address';
}

function linkSteps({ device, addresses }: PlainTunnel, actual: ActualPlainDevice | undefined): Step[] {
  if (actual === undefined) return [{ kind: 'create-tunnel', tunnel: device }];
  const because = incompatibility(device, actual);
  if (because !== undefined) {
    const { ifindex, name } = actual;
    return [
      { kind: 'delete-link', ifindex, name, because },
      { kind: 'create-tunnel', tunnel: device },
    ];
  }
  const correction: DeviceCorrection = {
    ...(actual.mtu === device.mtu ? {} : { mtu: device.mtu }),
    ...(actual.up ? {} : { up: true }),
    ...ipv6Correction(addresses, actual),
  };
  return Object.keys(correction).length === 0 ? [] : [{ kind: 'set-link', correction }];
}

const hostLength = (address: IpAddress): number => (typeof address === 'bigint' ? 128 : 32);

function addressSteps({ addresses, networks }: PlainTunnel, actual: readonly InterfaceAddress[]): Step[] {
  const isWanted = (found: InterfaceAddress): boolean =>
    addresses.includes(found.address) && found.prefixLength === hostLength(found.address);
  const isOurs = ({ address }: InterfaceAddress): boolean => networks.some((range) => cidrContains(range, address));
  return [
    ...addresses
      .filter((address) => !actual.some((found) => found.address === address && isWanted(found)))
      .map((address): Step => ({ kind: 'add-address', address })),
    ...actual
      .filter((found) => !isWanted(found) && isOurs(found))
      .map(({ address, prefixLength }): Step => ({ kind: 'remove-address', address, prefixLength })),
  ];
}

function routeSteps({ routes, networks }: PlainTunnel, actual: readonly ActualPlainRoute[]): Step[] {
  const there = new Map(actual.map((route) => [cidrKey(route.destination), route]));
  const wanted = new Set(routes.map(({ destination }) => cidrKey(destination)));
  const additions = routes.flatMap(({ destination, gateway }): Step[] => {
    const route = there.get(cidrKey(destination));
    if (route === undefined) return [{ kind: 'add-tunnel-route', destination, gateway }];
    const isRight = route.plain && route.gateway === gateway;
    return isRight ? [] : [{ kind: 'replace-tunnel-route', destination, gateway }];
  });
  const isStale = ({ destination }: ActualPlainRoute): boolean =>
    !wanted.has(cidrKey(destination)) && networks.some((range) => isInside(range, destination));
  return [
    ...additions,
    ...actual
      .filter(isStale)
      .map(({ destination, gateway }): Step => ({ kind: 'remove-tunnel-route', destination, gateway })),
  ];
}

/** What turns `actual` into `desired`: link, addresses, routes. A device that has to be made anew starts empty. */
export function planPlainTunnel(desired: PlainTunnel, actual: ActualPlainTunnel): Step[] {
  const link = linkSteps(desired, actual.device);
  const isNew = link.some(({ kind }) => kind === 'create-tunnel');
  const { addresses, routes } = isNew ? { addresses: [], routes: [] } : actual;
  return [...link, ...addressSteps(desired, addresses), ...routeSteps(desired, routes)];
}
