import { cidrKey } from '../../native/net/ip.ts';
import type { SubnetPair } from '../wire.ts';
import type { Backend } from './backend-config.ts';
import { configChanges, type ConfigChange } from './config-change.ts';
import { isLeasable, type NetworkConfig } from './network-config.ts';
import type { Range4, Range6 } from './subnet-range.ts';

export interface LiveConfigRequest {
  /** What the agent runs with. */
  readonly running: NetworkConfig;
  /** What is in etcd now. */
  readonly stored: NetworkConfig;
  /** This host's. */
  readonly subnets: SubnetPair;
}

/** What becomes of a changed configuration. */
export interface LiveConfig {
  /** To run with from now on. */
  readonly network: NetworkConfig;
  /** What is different from before. */
  readonly applied: readonly ConfigChange[];
  /** What is different in etcd, and waits for a restart. */
  readonly pending: readonly ConfigChange[];
}

/**
 * Takes over what is this host's business alone: MTU, DirectRouting, the keepalive of WireGuard, and which subnets may be leased as
 * long as its own may. What hosts have to agree on (VNI, port, network, backend, preshared key …) or what devices and keys were
 * made for waits.
 */
export function judgeConfig({ running, stored, subnets }: LiveConfigRequest): LiveConfig {
  const ranges = {
    ipv4: sameNetwork(running.ipv4, stored.ipv4) ? stored.ipv4 : running.ipv4,
    ipv6: sameNetwork(running.ipv6, stored.ipv6) ? stored.ipv6 : running.ipv6,
  };
  const wanted = { ...running, ...ranges };
  const network = { ...(isLeasable(wanted, subnets) ? wanted : running), backend: liveBackend(running, stored) };
  return { network, applied: configChanges(running, network), pending: configChanges(network, stored) };
}

function sameNetwork(running: Range4 | Range6 | undefined, stored: Range4 | Range6 | undefined): boolean {
  if (running === undefined || stored === undefined) return false;
  return cidrKey(running.network) === cidrKey(stored.network) && running.subnetLength === stored.subnetLength;
}

function liveBackend({ backend: running }: NetworkConfig, { backend: stored }: NetworkConfig): Backend {
  if (running.kind === 'vxlan' && stored.kind === 'vxlan') {
    return { ...running, directRouting: stored.directRouting, mtu: stored.mtu };
  }
  if (running.kind === 'wireguard' && stored.kind === 'wireguard') {
    return { ...running, keepaliveSeconds: stored.keepaliveSeconds, mtu: stored.mtu };
  }
  if (running.kind === 'ipip' && stored.kind === 'ipip') return { ...running, directRouting: stored.directRouting };
  return running;
}

/** `Backend.VNI 1 -> 7`; what is empty, had no meaning or has none any more is `none`. */
export function changeText({ key, from, to }: ConfigChange): string {
  const text = (value: unknown): string => {
    if (value === undefined || value === '') return 'none';
    return typeof value === 'string' ? value : JSON.stringify(value);
  };
  return `${key} ${text(from)} -> ${text(to)}`;
}
