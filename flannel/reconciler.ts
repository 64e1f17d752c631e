import type { Clock } from '../native/host/clock.ts';
import type { Route } from '../native/netlink/route.ts';
import { cidrKey, type Cidr } from '../native/net/ip.ts';
import { desiredState } from './backends/desired-state.ts';
import type { StateInput } from './backends/state-input.ts';
import type { Applied, OverlayKernel, StepFailure } from './io/kernel.ts';
import { foreignRoutes, routesOfUnderlay } from './io/read-routes.ts';
import { planBlackholes } from './model/blackhole.ts';
import type { Underlay } from './model/interface-choice.ts';
import type { NetworkConfig } from './model/network-config.ts';
import type { DesiredState, DirectRoutes, Family, Peer, PlainOverlay, VxlanOverlay } from './model/overlay.ts';
import type { ActualOverlay } from './model/plan.ts';
import type { Step } from './model/step.ts';
import { planPlainTunnel } from './model/plain-tunnel.ts';
import { planWireguard } from './model/plan-wireguard.ts';
import { planDirect, type ActualDirectRoute } from './model/plan-direct.ts';
import { isPeerRemoval } from './model/removal-guard.ts';
import { RouteClaims } from './route-claims.ts';
import { SettledTunnels } from './settled-tunnels.ts';
import type { PerFamily } from './wire.ts';

export interface ReconcilerParts extends Pick<
  StateInput,
  'subnets' | 'macs' | 'wireguardKey' | 'nexthopObjects' | 'blackhole'
> {
  readonly kernel: OverlayKernel;
  readonly clock: Clock;
}

/** The steps of one place in the kernel: a device of ours, or the routes over the underlay. */
export interface Section {
  readonly steps: readonly Step[];
  /** Of our device or the underlay; `undefined` before the device is made. */
  readonly ifindex: number | undefined;
  /** Our device; `undefined` for the underlay's routes. */
  readonly device: string | undefined;
  readonly family: Family;
  /** Routes of ours that the kernel had when the steps were planned. */
  readonly routesBefore: number;
  /** Networks of peers that it could reach then: as many as routes, but for wireguard, where one route leads to all. */
  readonly networksBefore: number;
}

/** What one pass has found. */
export interface Survey {
  readonly desired: DesiredState;
  readonly sections: readonly Section[];
}

/** Reads the kernel, plans, and applies: what is on each device of ours and, where there are any, the direct routes. */
export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #claims: RouteClaims;
  readonly #settled = new SettledTunnels();
  readonly #ifindexes = new Map<string, number>();
  /** Routes that the short path added since the kernel was last read. */
  readonly #addedMeanwhile = new Set<number | string>();
  #isFirst = true;
  /** Routes over the underlay that DirectRouting left, of an earlier run or of a configuration before. */
  #mayHaveDirect = true;

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
    this.#claims = new RouteClaims(parts.clock);
  }

  /** The index of a device of ours, as the last pass found or made it. */
  ifindexOf(device: string): number | undefined {
    return this.#ifindexes.get(device);
  }

  /** Of all devices of ours. */
  get ifindexes(): readonly number[] {
    return [...this.#ifindexes.values()];
  }

  /** Our devices, as the last pass found or made them. */
  get devices(): readonly { readonly name: string; readonly ifindex: number }[] {
    return [...this.#ifindexes].map(([name, ifindex]) => ({ name, ifindex }));
  }

  /** Takes note of steps that were done without a pass. */
  note(steps: readonly Step[]): void {
    this.#claims.note(steps);
    for (const step of steps) {
      if (step.kind === 'add-route') this.#addedMeanwhile.add(cidrKey(step.destination));
    }
  }

  /** What has to be done. @throws {NetlinkError}; {RangeError} if the underlay is too small; the signal's reason. */
  async survey(
    input: { network: NetworkConfig; underlay: Underlay; peers: () => PerFamily<readonly Peer[]> },
    signal: AbortSignal,
  ): Promise<Survey> {
    const { kernel } = this.#parts;
    this.#addedMeanwhile.clear();
    const tables = await this.#readTables(input.network, signal);
    const routes = { ipv4: this.#foreign(tables.ipv4), ipv6: this.#foreign(tables.ipv6) };
    const desire = (peers: PerFamily<readonly Peer[]>): DesiredState =>
      desiredState({ ...this.#parts, ...input, peers, routes, defaultPort: kernel.defaultPort });
    const peersBefore = input.peers();
    const before = desire(peersBefore);
    const plain: Section[] = [];
    for (const tunnel of before.plain) plain.push(await this.#plainSection(tunnel, signal));
    const blackholes = await this.#blackholeSection(input.network, before.blackholes, signal);
    const found = new Map<string, ActualOverlay>();
    for (const tunnel of before.tunnels) {
      const { name } = tunnel.device;
      found.set(name, await kernel.readTunnel({ name, family: familyOf(tunnel) }, signal));
    }
    // Only now: what the short path added while the kernel was read would look like the leavings of a host that is gone.
    const peers = input.peers();
    const isSame = peers.ipv4 === peersBefore.ipv4 && peers.ipv6 === peersBefore.ipv6;
    const desired = isSame ? before : desire(peers);
    const tunnels = desired.tunnels.flatMap((tunnel): [VxlanOverlay, ActualOverlay][] => {
      const actual = found.get(tunnel.device.name);
      return actual === undefined ? [] : [[tunnel, actual]];
    });
    const direct = desired.direct.map((wanted): [DirectRoutes, ActualDirectRoute[]] => [
      wanted,
      routesOfUnderlay(tables[wanted.family] ?? [], wanted.ifindex),
    ]);
    this.#remember(tunnels);
    const sections = [
      ...tunnels.map((pair) => tunnelSection(this.#settled, pair)),
      ...plain,
      ...direct.map(directSection),
      ...blackholes,
    ];
    const ours = direct.flatMap(([, actual]) => actual.filter(({ ours: isOurs }) => isOurs));
    this.#mayHaveDirect ||= ours.length > 0;
    if (this.#isFirst) this.#claims.found([...tunnels.flatMap(routesThrough), ...ours.map(routeTarget)]);
    this.#isFirst = false;
    return { desired, sections: moved(sections) };
  }

  /** Applies what was surveyed: additions of all sections first, for a route may move from one to another. @throws the signal's reason. */
  async apply(sections: readonly Section[], signal: AbortSignal): Promise<Applied['failures']> {
    const failures: StepFailure[] = [];
    const broken = new Set<Section>();
    for (const section of sections) {
      const additions = section.steps.filter((step) => !isPeerRemoval(step));
      if (additions.length === 0) continue;
      const result = await this.#applyTo(section, additions, signal);
      failures.push(...result.failures);
      if (result.ifindex === undefined) broken.add(section);
    }
    for (const section of sections) {
      const removals = section.steps.filter(isPeerRemoval);
      if (removals.length === 0 || broken.has(section)) continue;
      failures.push(...(await this.#applyTo(section, removals, signal)).failures);
    }
    return failures;
  }

  async #applyTo(section: Section, steps: readonly Step[], signal: AbortSignal): Promise<Applied> {
    const { kernel } = this.#parts;
    const ifindex = section.device === undefined ? section.ifindex : this.#ifindexes.get(section.device);
    const first = this.#withoutDone(await kernel.apply(steps, ifindex, signal));
    if (section.device !== undefined) this.#setIfindex(section.device, first.ifindex);
    const again = this.#claims.reclaim(first.failures);
    const second = again.length === 0 ? undefined : await kernel.apply(again, first.ifindex, signal);
    this.#claims.note(steps, first.failures);
    if (second === undefined) return first;
    const taken = new Set(again.flatMap((step) => ('destination' in step ? [cidrKey(step.destination)] : [])));
    const left = first.failures.filter(({ step }) => !('destination' in step) || !taken.has(cidrKey(step.destination)));
    return { failures: [...left, ...second.failures], ifindex: first.ifindex };
  }

  /** A route that is there because the short path was faster is no failure. */
  #withoutDone({ failures, ifindex }: Applied): Applied {
    const isDone = ({ step, error }: StepFailure): boolean =>
      step.kind === 'add-route' && error.code === 'EEXIST' && this.#addedMeanwhile.has(cidrKey(step.destination));
    return { failures: failures.filter((failure) => !isDone(failure)), ifindex };
  }

  #remember(tunnels: readonly [VxlanOverlay, ActualOverlay][]): void {
    for (const [{ device }, actual] of tunnels) this.#setIfindex(device.name, actual.device?.ifindex);
  }

  #setIfindex(device: string, ifindex: number | undefined): void {
    if (ifindex === undefined) this.#ifindexes.delete(device);
    else this.#ifindexes.set(device, ifindex);
  }

  /** Whole tables, where routes outside our own devices are ours to set or decide how peers are reached. */
  async #readTables(network: NetworkConfig, signal: AbortSignal): Promise<PerFamily<Route[]>> {
    const { backend } = network;
    const isDirect =
      backend.kind === 'host-gw' || ((backend.kind === 'vxlan' || backend.kind === 'ipip') && backend.directRouting);
    const needed = isDirect || this.#mayHaveDirect;
    this.#mayHaveDirect = isDirect;
    const read = async (family: Family): Promise<Route[] | undefined> =>
      needed && network[family] !== undefined ? this.#parts.kernel.readRoutes(family, signal) : undefined;
    return { ipv4: await read('ipv4'), ipv6: await read('ipv6') };
  }

  async #plainSection(tunnel: PlainOverlay, signal: AbortSignal): Promise<Section> {
    const { kernel } = this.#parts;
    const { name } = tunnel.device;
    const families = (['ipv4', 'ipv6'] as const).filter((family) =>
      tunnel.networks.some(({ address }) => (typeof address === 'bigint') === (family === 'ipv6')),
    );
    const actual = await kernel.readPlainTunnel({ name, families }, signal);
    const ifindex = actual.device?.ifindex;
    this.#setIfindex(name, ifindex);
    const link = planPlainTunnel(tunnel, actual);
    const isNew = link.some(({ kind }) => kind === 'create-tunnel');
    const found =
      isNew || ifindex === undefined || !tunnel.wireguard ? undefined : await kernel.readWireguard(ifindex, signal);
    const wireguard = tunnel.wireguard === undefined ? [] : planWireguard(tunnel.wireguard, found);
    const routesBefore = actual.routes.length;
    const networksBefore =
      tunnel.wireguard === undefined
        ? routesBefore
        : (found?.peers.reduce((sum, { allowedIps }) => sum + allowedIps.length, 0) ?? 0);
    const steps = [...link, ...wireguard];
    return { steps, ifindex, device: name, family: families[0] ?? 'ipv4', routesBefore, networksBefore };
  }

  async #blackholeSection(network: NetworkConfig, wanted: readonly Cidr[], signal: AbortSignal): Promise<Section[]> {
    const actual: Cidr[] = [];
    for (const family of ['ipv4', 'ipv6'] as const) {
      if (network[family] !== undefined) actual.push(...(await this.#parts.kernel.readBlackholes(family, signal)));
    }
    const steps = planBlackholes(wanted, actual);
    // A route of this kind has no interface.
    const none = { routesBefore: 0, networksBefore: 0 };
    return steps.length === 0 ? [] : [{ steps, ifindex: 0, device: undefined, family: 'ipv4', ...none }];
  }

  #foreign(table: readonly Route[] | undefined): StateInput['routes']['ipv4'] {
    return table && foreignRoutes(table, new Set(this.#ifindexes.values()));
  }
}

const familyOf = ({ address }: VxlanOverlay): Family => (typeof address === 'bigint' ? 'ipv6' : 'ipv4');

const tunnelSection = (settled: SettledTunnels, [desired, actual]: [VxlanOverlay, ActualOverlay]): Section => ({
  steps: settled.plan(desired, actual),
  ifindex: actual.device?.ifindex,
  device: desired.device.name,
  family: familyOf(desired),
  routesBefore: actual.routes.length,
  networksBefore: actual.routes.length,
});

const routeTarget = ({ destination }: { readonly destination: Cidr }): Cidr => destination;

/** Where the routes of a device of ours lead that look like ours. */
const routesThrough = ([, { routes }]: [VxlanOverlay, ActualOverlay]): Cidr[] =>
  routes.filter(({ onlink, gateway, destination }) => onlink && gateway === destination.address).map(routeTarget);

const directSection = ([desired, actual]: [DirectRoutes, ActualDirectRoute[]]): Section => {
  const count = actual.filter(({ ours }) => ours).length;
  return {
    steps: planDirect(desired, actual),
    ifindex: desired.ifindex,
    device: undefined,
    family: desired.family,
    routesBefore: count,
    networksBefore: count,
  };
};

/** A route that leaves one section and comes in another is replaced there: the kernel then never lacks it. */
function moved(sections: readonly Section[]): Section[] {
  const leaving = new Set(
    sections.flatMap(({ steps }) =>
      steps.flatMap((step) =>
        step.kind === 'remove-route' || step.kind === 'remove-direct-route' ? [cidrKey(step.destination)] : [],
      ),
    ),
  );
  if (leaving.size === 0) return [...sections];
  return sections.map((section) => ({
    ...section,
    steps: section.steps.map((step): Step => {
      if (step.kind === 'add-route' && leaving.has(cidrKey(step.destination)))
        return { ...step, kind: 'replace-route' };
      if (step.kind === 'add-direct-route' && leaving.has(cidrKey(step.destination))) {
        return { ...step, kind: 'replace-direct-route' };
      }
      return step;
    }),
  }));
}
