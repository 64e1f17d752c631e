import { hostname } from 'node:os';
import { packageVersion } from '../native/host/package-root.ts';
import { formatCidr, formatIp, type IpAddress } from '../native/net/ip.ts';
import { overlayMtus } from './backends/mtus.ts';
import { configView, redactedConfig } from './model/config-view.ts';
import type { Underlay } from './model/interface-choice.ts';
import type { JoinedNetwork } from './network-config-source.ts';
import type { ConfigStatus, HostStatus, MtuStatus } from './status-wire.ts';
import type { FlannelStatus } from './status.ts';
import type { SubnetPair } from './wire.ts';

const text = (address: IpAddress | undefined): string | undefined =>
  address === undefined ? undefined : formatIp(address);

/** This host and the interface that was chosen. */
function hostFacts(nodeId: string, { because }: JoinedNetwork['choice'], underlay: Underlay): HostStatus {
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

function mtuFacts({ network }: JoinedNetwork, underlay: Underlay, subnetEnv: number): MtuStatus {
  const told = { underlay: underlay.mtu, subnetEnv: subnetEnv === 0 ? undefined : subnetEnv };
  try {
    const { ipv4, ipv6 } = overlayMtus(network, underlay);
    return { ...told, overlayIpv4: ipv4, overlayIpv6: ipv6 };
  } catch {
    return told; // the underlay carries too little now: the status tells so elsewhere
  }
}

function configFacts(key: string, { network, text: written }: JoinedNetwork): ConfigStatus {
  return { key, text: redactedConfig(written), parsed: configView(network), pendingRestart: [] };
}

export interface JoinedFacts {
  readonly nodeId: string;
  /** Of the configuration. */
  readonly key: string;
  readonly joined: JoinedNetwork;
  readonly subnets: SubnetPair;
  /** The interface as it stands now. */
  readonly underlay: () => Underlay;
}

/** Lets `/status` tell what a host knows once it has a subnet. */
export function tellFacts(status: FlannelStatus, { nodeId, key, joined, subnets, underlay }: JoinedFacts): void {
  const { sources, levels } = status;
  const texts = [subnets.ipv4, subnets.ipv6].flatMap((subnet) => (subnet === undefined ? [] : [formatCidr(subnet)]));
  sources.host = () => hostFacts(nodeId, joined.choice, underlay());
  sources.lease = () => ({ subnets: texts });
  sources.mtus = () => mtuFacts(joined, underlay(), levels.mtuBytes);
  sources.config = () => configFacts(key, joined);
}
