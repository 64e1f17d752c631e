import { EtcdError } from '../native/etcd/errors.ts';
import { Backoff } from '../native/host/backoff.ts';
import type { Clock, RandomSource } from '../native/host/clock.ts';
import { FatalError } from '../native/host/lifecycle.ts';
import { cidrContains, formatCidr, formatIp } from '../native/net/ip.ts';
import { overlayMtus } from './backends/mtus.ts';
import type { FlannelConfig } from './config.ts';
import type { OverlayKernel } from './io/kernel.ts';
import type { LeaseStore } from './io/lease-store.ts';
import {
  chooseUnderlay,
  InterfaceChoiceError,
  targetsOf,
  type InterfaceWish,
  type Underlay,
  type UnderlayChoice,
} from './model/interface-choice.ts';
import { NetworkConfigError, parseNetworkConfig, type NetworkConfig } from './model/network-config.ts';
import type { FlannelStatus } from './status.ts';

export interface NetworkConfigSource {
  readonly store: LeaseStore;
  readonly kernel: OverlayKernel;
  readonly config: FlannelConfig;
  /** Where the configuration stands in etcd, for the sentence. */
  readonly key: string;
  readonly status: FlannelStatus;
  readonly clock: Clock;
  readonly random: RandomSource;
}

/** A configuration that can be used here, and the interface it is used on. */
export interface JoinedNetwork {
  readonly network: NetworkConfig;
  /** Its text in etcd. */
  readonly text: string;
  readonly choice: UnderlayChoice;
  readonly wish: InterfaceWish;
}

const RETRY = { firstMs: 250, maxMs: 5_000 };

/** @throws {NetworkConfigError} if the overlay's network holds an address of the underlay. */
function checkAddresses(underlay: Underlay, network: NetworkConfig): void {
  for (const [key, range] of [
    ['Network', network.ipv4],
    ['IPv6Network', network.ipv6],
  ] as const) {
    if (range === undefined) continue;
    const addresses = [underlay.ipv4, underlay.publicIp, underlay.ipv6, underlay.publicIpv6];
    const inside = addresses.find((address) => address !== undefined && cidrContains(range.network, address));
    if (inside === undefined) continue;
    throw new NetworkConfigError(
      `${key} ${formatCidr(range.network)} contains ${formatIp(inside)}, the address of ${underlay.name}: ` +
        `choose a ${key} that no interface of the hosts is in`,
    );
  }
}

/** What only this host can find wrong with a valid configuration. @throws {NetworkConfigError} */
export function checkAgainstHost(underlay: Underlay, network: NetworkConfig): void {
  checkAddresses(underlay, network);
  const { kind } = network.backend;
  if (kind === 'host-gw' && (underlay.publicIp !== underlay.ipv4 || underlay.publicIpv6 !== underlay.ipv6)) {
    throw new NetworkConfigError(
      "your PublicIP differs from interface IP, meaning that probably you're on a NAT, which is not supported by host-gw backend",
    );
  }
  try {
    overlayMtus(network, underlay);
  } catch (cause) {
    throw new NetworkConfigError(`${underlay.name}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

function wishOf({ iface, ifaceRegex, ifaceCanReach, publicIp, publicIpv6 }: FlannelConfig): InterfaceWish {
  return { iface, ifaceRegex, ifaceCanReach, publicIp, publicIpv6 };
}

/**
 * Whether an interface fits at all, before etcd says which families there are: what nobody has is told at once.
 * @throws {FatalError} one sentence; {NetlinkError}.
 */
export async function requireInterface(
  kernel: OverlayKernel,
  config: FlannelConfig,
  signal: AbortSignal,
): Promise<void> {
  const host = await kernel.readHost(targetsOf(wishOf(config)), signal);
  try {
    chooseUnderlay(host, wishOf(config), { ipv4: true, ipv6: false });
  } catch (error) {
    if (!(error instanceof InterfaceChoiceError)) throw error;
    if (config.publicIp !== undefined) throw new FatalError(error.message, { cause: error });
    try {
      chooseUnderlay(host, wishOf(config), { ipv4: false, ipv6: true });
    } catch {
      throw new FatalError(error.message, { cause: error });
    }
  }
}

async function join(source: NetworkConfigSource, text: string, signal: AbortSignal): Promise<JoinedNetwork> {
  const network = parseNetworkConfig(text);
  const stacks = { ipv4: network.ipv4 !== undefined, ipv6: network.ipv6 !== undefined };
  const wish = wishOf(source.config);
  try {
    const choice = chooseUnderlay(await source.kernel.readHost(targetsOf(wish), signal), wish, stacks);
    checkAgainstHost(choice.underlay, network);
    return { network, text, choice, wish };
  } catch (error) {
    if (error instanceof InterfaceChoiceError) throw new FatalError(error.message, { cause: error });
    throw error;
  }
}

/**
 * Waits until etcd holds a configuration that can be used here; says once what is in the way.
 * @throws {FatalError} if no interface fits; the signal's reason.
 */
export async function awaitNetwork(source: NetworkConfigSource, signal: AbortSignal): Promise<JoinedNetwork> {
  const { store, key, status, clock, random } = source;
  const backoff = new Backoff({ ...RETRY, random });
  for (;;) {
    try {
      const text = await store.readNetworkConfig(signal);
      if (text !== undefined) {
        const joined = await join(source, text, signal);
        status.config(undefined);
        return joined;
      }
      const example = '{"Network":"10.5.0.0/16","Backend":{"Type":"vxlan"}}';
      status.config(
        `there is no network config at ${key}: write one, for example with: etcdctl put ${key} '${example}'`,
      );
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof NetworkConfigError) status.config(`${key}: ${error.message}`);
      else if (error instanceof EtcdError) status.config(error.message);
      else throw error;
    }
    await clock.sleep(backoff.nextMs(), signal);
  }
}
