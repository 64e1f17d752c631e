import { randomBytes } from 'node:crypto';
import { locallyAdministeredMac, type MacAddress } from '../native/net/mac.ts';
import { vxlanDeviceName } from './backends/vxlan.ts';
import type { OverlayKernel } from './io/kernel.ts';
import { onStateFolder, readVtepMac, writeVtepMac } from './io/state.ts';
import type { NetworkConfig } from './model/network-config.ts';
import type { Family } from './model/overlay.ts';
import type { LeaseBackend, PerFamily } from './wire.ts';

export interface VtepMacParts {
  readonly kernel: OverlayKernel;
  readonly stateDir: string;
  readonly network: NetworkConfig;
}

/** The MAC of the run before, else that of the device a flanneld left here, else a new one; kept before anybody is told. */
async function vtepMac({ kernel, stateDir }: VtepMacParts, device: string, signal: AbortSignal): Promise<MacAddress> {
  const known = await onStateFolder(readVtepMac(stateDir, device));
  if (known !== undefined) return known;
  const link = await kernel.findLink(device, signal);
  const mac = (link?.kind === 'vxlan' ? link.mac : undefined) ?? locallyAdministeredMac(randomBytes(6));
  await onStateFolder(writeVtepMac(stateDir, device, mac));
  return mac;
}

/** The VTEP MACs of this host's devices; none for backends without. @throws {FatalError} if the state folder cannot be used; {NetlinkError}. */
export async function vtepMacs(parts: VtepMacParts, signal: AbortSignal): Promise<PerFamily<MacAddress>> {
  const { backend, ipv4, ipv6 } = parts.network;
  if (backend.kind !== 'vxlan') return { ipv4: undefined, ipv6: undefined };
  const of = (family: Family): Promise<MacAddress> => vtepMac(parts, vxlanDeviceName(backend, family), signal);
  return { ipv4: ipv4 && (await of('ipv4')), ipv6: ipv6 && (await of('ipv6')) };
}

/** What this host's lease tells its peers of the backend. */
export function ownBackend({ backend }: NetworkConfig, macs: PerFamily<MacAddress>): LeaseBackend {
  switch (backend.kind) {
    case 'vxlan': {
      const data = (mac: MacAddress | undefined): PerFamily<{ vni: number; vtepMac: MacAddress }>['ipv4'] =>
        mac && { vni: backend.vni, vtepMac: mac };
      return { kind: 'vxlan', ipv4: data(macs.ipv4), ipv6: data(macs.ipv6) };
    }
    case 'host-gw':
    case 'ipip':
      return { kind: backend.kind };
    case 'alloc':
      return { kind: 'other', type: undefined };
    case 'wireguard':
      return { kind: 'wireguard', ipv4: undefined, ipv6: undefined };
  }
}
