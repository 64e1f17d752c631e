import fc from 'fast-check';
import type { ActualDevice } from '../../../../flannel/model/device.ts';
import type { InnerMtu } from '../../../../flannel/model/mtu.ts';
import type { VxlanDevice, VxlanOverlay, VxlanPeer } from '../../../../flannel/model/overlay.ts';
import type { ActualOverlay } from '../../../../flannel/model/plan.ts';
import type { Step } from '../../../../flannel/model/step.ts';
import { cidr4, parseCidr4 } from '../../../../native/net/cidr.ts';
import { formatCidr, sameCidr, type IpAddress } from '../../../../native/net/ip.ts';
import { parseIpv4, type Ipv4 } from '../../../../native/net/ipv4.ts';
import { parseMac, type MacAddress } from '../../../../native/net/mac.ts';

export const NETWORK = parseCidr4('10.5.0.0/16');

export const device: VxlanDevice = {
  name: 'flannel.1',
  vni: 1,
  lowerIfindex: 2,
  local: parseIpv4('192.168.77.11'),
  port: 8472,
  learning: false,
  gbp: false,
  mac: parseMac('02:00:00:00:00:01'),
  mtu: 1450 as InnerMtu,
};

export const actualDevice = (wanted: VxlanDevice, change: Partial<ActualDevice> = {}): ActualDevice => ({
  ifindex: 7,
  name: wanted.name,
  kind: 'vxlan',
  mac: wanted.mac,
  mtu: wanted.mtu,
  up: true,
  acceptRa: 0,
  disableIpv6: 0,
  vxlan: { ...wanted, l2miss: false, group: undefined },
  ...change,
});

export const macOf = (number: number): MacAddress => parseMac(`02:aa:00:00:00:${number.toString(16).padStart(2, '0')}`);
export const peerOf = (number: number, host = number): VxlanPeer => ({
  subnet: cidr4((NETWORK.address + number * 256) as Ipv4, 24),
  vtepMac: macOf(host),
  publicIp: (parseIpv4('192.168.77.0') + host) as Ipv4,
});

export const desiredWith = (peers: readonly VxlanPeer[]): VxlanOverlay => ({
  device,
  address: parseIpv4('10.5.200.0'),
  network: NETWORK,
  peers,
  nexthopObjects: false,
});

export const agreeing = (desired: VxlanOverlay): ActualOverlay => ({
  device: actualDevice(desired.device),
  addresses: [{ address: desired.address, prefixLength: 32 }],
  neighbors: desired.peers.map(({ subnet, vtepMac }) => ({ address: subnet.address, mac: vtepMac, permanent: true })),
  fdb: [...new Map(desired.peers.map(({ vtepMac, publicIp }) => [vtepMac, publicIp]))].map(([mac, remote]) => ({
    mac,
    remote,
    permanent: true,
  })),
  routes: desired.peers.map(({ subnet }) => ({
    destination: subnet,
    gateway: subnet.address,
    onlink: true,
    nexthopId: undefined,
    plain: true,
  })),
  nexthops: [],
});

export const EMPTY: ActualOverlay = {
  device: undefined,
  addresses: [],
  neighbors: [],
  fdb: [],
  nexthops: [],
  routes: [],
};

/** After a step on a route or an FDB entry. */
export function afterEntry(
  actual: ActualOverlay,
  step: Extract<Step, { destination: unknown } | { remote: unknown }>,
): ActualOverlay {
  const { fdb, routes } = actual;
  if ('destination' in step) {
    const { destination } = step;
    const others = routes.filter((route) => !sameCidr(route.destination, destination));
    // The kernel refuses to add what is there.
    if (step.kind === 'add-route' && others.length < routes.length) throw new RangeError('EEXIST');
    if (step.kind === 'remove-route') return { ...actual, routes: others };
    return {
      ...actual,
      routes: [
        ...others,
        { destination, gateway: destination.address, onlink: true, nexthopId: undefined, plain: true },
      ],
    };
  }
  const others = fdb.filter(({ mac }) => mac !== step.mac);
  const entry = { mac: step.mac, remote: step.remote, permanent: true };
  return { ...actual, fdb: step.kind === 'set-fdb' ? [...others, entry] : others };
}

export type VxlanStep = Exclude<
  Step,
  | { nexthopId: unknown }
  | { destination: unknown }
  | { tunnel: unknown }
  | { privateKey: unknown }
  | { peer: unknown }
  | { publicKey: unknown }
>;

export const isVxlanStep = (step: Step): step is VxlanStep =>
  !['nexthopId', 'destination', 'tunnel', 'privateKey', 'peer', 'publicKey'].some((field) => field in step);

/** What the kernel would hold after a step. */
export function after(actual: ActualOverlay, step: Step): ActualOverlay {
  if ('destination' in step || 'remote' in step) return afterEntry(actual, step);
  if (!isVxlanStep(step)) throw new RangeError(`no step of a plain vxlan device: ${step.kind}`);
  const { addresses, neighbors } = actual;
  switch (step.kind) {
    case 'delete-link':
      return EMPTY;
    case 'create-link':
      return { ...EMPTY, device: actualDevice(step.device) };
    case 'set-link':
      return { ...actual, device: actualDevice(device) };
    case 'add-address':
      return { ...actual, addresses: [...addresses, { address: step.address, prefixLength: 32 }] };
    case 'remove-address':
      return { ...actual, addresses: addresses.filter(({ address }) => address !== step.address) };
    case 'remove-neighbor':
    case 'set-neighbor': {
      const others = neighbors.filter(({ address }) => address !== step.address);
      const entry = step.kind === 'set-neighbor' ? [{ address: step.address, mac: step.mac, permanent: true }] : [];
      return { ...actual, neighbors: [...others, ...entry] };
    }
  }
}

export const shown = (step: Step): string => {
  if ('destination' in step) return `${step.kind} ${formatCidr(step.destination)}`;
  return step.kind;
};

export const arbitraryPeers = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 90 })), {
    selector: ([number]) => number,
    maxLength: 30,
  })
  .map((pairs) => pairs.map(([number, host]) => peerOf(number, host)));

/** A kernel in any state that our own writes and a meddler can leave it in. */
export const anyActual = (peersThere: fc.Arbitrary<VxlanPeer[]>): fc.Arbitrary<ActualOverlay> =>
  fc
    .record({
      peers: peersThere,
      device: fc.constantFrom('none', 'other vni', 'wrong mtu', 'down', 'right'),
      lose: fc.constantFrom('neighbors', 'fdb', 'routes', 'addresses', 'nothing'),
      wrongGateway: fc.boolean(),
    })
    .map(({ peers, device: state, lose, wrongGateway }): ActualOverlay => {
      if (state === 'none') return EMPTY;
      const actual = agreeing(desiredWith(peers));
      const devices = {
        'other vni': actualDevice({ ...device, vni: 9 }),
        'wrong mtu': actualDevice(device, { mtu: 1280 }),
        down: actualDevice(device, { up: false }),
        right: actualDevice(device),
      };
      const routes = actual.routes.map((route, index) =>
        wrongGateway && index % 2 ? { ...route, gateway: undefined } : route,
      );
      return { ...actual, routes, device: devices[state], ...(lose === 'nothing' ? {} : { [lose]: [] }) };
    });

export const arbitraryActual = anyActual(arbitraryPeers);

export const byValue = (a: IpAddress, b: IpAddress): number => (a < b ? -1 : Number(a > b));

export const sorted = (actual: ActualOverlay): unknown => ({
  ...actual,
  addresses: actual.addresses.toSorted((a, b) => byValue(a.address, b.address)),
  neighbors: actual.neighbors.toSorted((a, b) => byValue(a.address, b.address)),
  fdb: actual.fdb.toSorted((a, b) => (a.mac < b.mac ? -1 : 1)),
  routes: actual.routes.toSorted((a, b) => byValue(a.destination.address, b.destination.address)),
});
