import { hostname } from 'node:os';
import { packageVersion } from '../native/host/package-root.ts';
import { formatCidr, formatIp, type IpAddress } from '../native/net/ip.ts';
import { overlayMtus } from './backends/mtus.ts';
import type { Underlay, UnderlayChoice } from './model/interface-choice.ts';
import type { NetworkConfig } from './model/network-config.ts';
import type { HostStatus, LeaseStatus, MtuStatus } from './status-wire.ts';
import type { FlannelStatus } from './status.ts';
import type { SubnetPair } from './wire.ts';

const text = (address: IpAddress | undefined): string | undefined =>
  address === undefined ? undefined : formatIp(address);

/** This host and the interface that was chosen. */
function hostFacts(nodeId: string, { because }: UnderlayChoice, underlay: Underlay): HostStatus {
  return {
    nodeId,
    hostname: hostname(),
    version: packageVersion(),
    pid: process.pid,
    interface: underlay.name,
    interfaceBecause: because,
    ipv4: text(underlay.ipv4),
    ipv6: text(underlay.ipv6),
    publicIp: text(underlay.publicIp),
    publicIpv6: text(underlay.publicIpv6),
  };
}

function mtuFacts(network: NetworkConfig, underlay: Underlay, subnetEnv: number): MtuStatus {
  const told = { underlay: underlay.mtu, subnetEnv: subnetEnv === 0 ? undefined : subnetEnv };
  try {
    const { ipv4, ipv6 } = overlayMtus(network, underlay);
    return { ...told, overlayIpv4: ipv4, overlayIpv6: ipv6 };
  } catch {
    return told; // the underlay carries too little now: the status tells so elsewhere
  }
}

export interface JoinedFacts {
  readonly nodeId: string;
  readonly choice: UnderlayChoice;
  /** What the agent runs with now. */
  readonly network: () => NetworkConfig;
  readonly subnets: SubnetPair;
  /** Which etcd lease, and how it came to be this subnet. */
  readonly origin: () => Pick<LeaseStatus, 'etcdLeaseId' | 'acquiredBy'>;
  /** The interface as it stands now. */
  readonly underlay: () => Underlay;
}

/** Lets `/status` tell what a host knows once it has a subnet. */
export function tellFacts(
  status: FlannelStatus,
  { nodeId, choice, network, subnets, origin, underlay }: JoinedFacts,
): void {
  const { sources, levels } = status;
  const texts = [subnets.ipv4, subnets.ipv6].flatMap((subnet) => (subnet === undefined ? [] : [formatCidr(subnet)]));
  sources.host = () => hostFacts(nodeId, choice, underlay());
  sources.lease = () => ({ subnets: texts, ...origin() });
  sources.overlay = () => {
    const { backend } = network();
    return { backend: backend.kind, vni: backend.kind === 'vxlan' ? backend.vni : 0 };
  };
  sources.mtus = () => mtuFacts(network(), underlay(), levels.mtuBytes);
}
