import { EtcdError } from '../native/etcd/errors.ts';
import { Backoff } from '../native/host/backoff.ts';
import type { Clock, RandomSource } from '../native/host/clock.ts';
import { cidr4Contains, formatCidr4 } from '../native/net/cidr.ts';
import { formatIpv4 } from '../native/net/ipv4.ts';
import { overlayMtu, type VxlanNetwork } from './backends/vxlan.ts';
import type { LeaseStore } from './io/lease-store.ts';
import type { Underlay } from './model/interface-choice.ts';
import { NetworkConfigError, parseNetworkConfig, type NetworkConfig } from './model/network-config.ts';
import type { FlannelStatus } from './status.ts';

export interface NetworkConfigSource {
  readonly store: LeaseStore;
  /** Where the configuration stands in etcd, for the sentence. */
  readonly key: string;
  readonly underlay: Underlay;
  readonly status: FlannelStatus;
  readonly clock: Clock;
  readonly random: RandomSource;
}

/** What this host can carry. */
export type UsableNetwork = NetworkConfig & VxlanNetwork;

const RETRY = { firstMs: 250, maxMs: 5_000 };

/** What only this host can find wrong with a valid configuration. @throws {NetworkConfigError} */
function checkedAgainst(underlay: Underlay, { ipv4, ipv6, backend, enableNftables }: NetworkConfig): UsableNetwork {
  if (ipv6 !== undefined || ipv4 === undefined) {
    throw new NetworkConfigError('EnableIPv6 is true, and weft carries IPv4 only: leave EnableIPv6 out');
  }
  if (backend.kind !== 'vxlan') {
    throw new NetworkConfigError(`the backend ${backend.kind} is not carried: write "Backend": {"Type": "vxlan"}`);
  }
  const config = { ipv4, ipv6, backend, enableNftables };
  for (const address of [underlay.ipv4, underlay.publicIp]) {
    if (address !== undefined && cidr4Contains(config.ipv4.network, address)) {
      throw new NetworkConfigError(
        `Network ${formatCidr4(config.ipv4.network)} contains ${formatIpv4(address)}, the address of ${underlay.name}: ` +
          'choose a Network that no interface of the hosts is in',
      );
    }
  }
  try {
    overlayMtu(config, underlay);
  } catch (cause) {
    throw new NetworkConfigError(`${underlay.name}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
  return config;
}

/** Waits until etcd holds a configuration that can be used here; says once what is in the way. @throws the signal's reason. */
export async function awaitNetworkConfig(source: NetworkConfigSource, signal: AbortSignal): Promise<UsableNetwork> {
  const { store, key, underlay, status, clock, random } = source;
  const backoff = new Backoff({ ...RETRY, random });
  for (;;) {
    try {
      const text = await store.readNetworkConfig(signal);
      if (text !== undefined) {
        const config = checkedAgainst(underlay, parseNetworkConfig(text));
        status.config(undefined);
        return config;
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
