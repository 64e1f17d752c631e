import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { locallyAdministeredMac, type MacAddress } from '../native/net/mac.ts';
import type { WireguardKey } from '../native/net/wireguard-key.ts';
import { vxlanDeviceName } from './backends/vxlan.ts';
import type { OverlayKernel } from './io/kernel.ts';
import { onStateFolder, readVtepMac, writeVtepMac } from './io/state.ts';
import { readOrCreateWireguardKey, wireguardPublicKey } from './io/wireguard-key.ts';
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
async function vtepMacs(parts: VtepMacParts, signal: AbortSignal): Promise<PerFamily<MacAddress>> {
  const { backend, ipv4, ipv6 } = parts.network;
  if (backend.kind !== 'vxlan') return { ipv4: undefined, ipv6: undefined };
  const of = (family: Family): Promise<MacAddress> => vtepMac(parts, vxlanDeviceName(backend, family), signal);
  return { ipv4: ipv4 && (await of('ipv4')), ipv6: ipv6 && (await of('ipv6')) };
}

/** What this host is known by on the wire and keeps over restarts. */
export interface DeviceKeys {
  /** vxlan only. */
  readonly macs: PerFamily<MacAddress>;
  /** The private key; wireguard only. */
  readonly wireguardKey: WireguardKey | undefined;
}

/** MACs and keys of this host's devices. @throws {FatalError} if the state folder cannot be used; {NetlinkError}. */
export async function deviceKeys(
  parts: VtepMacParts & { readonly wireguardKeyFile: string | undefined },
  signal: AbortSignal,
): Promise<DeviceKeys> {
  const path = parts.wireguardKeyFile ?? join(parts.stateDir, 'wireguard.key');
  return {
    macs: await vtepMacs(parts, signal),
    wireguardKey:
      parts.network.backend.kind === 'wireguard' ? await onStateFolder(readOrCreateWireguardKey(path)) : undefined,
  };
}

/** What this host's lease tells its peers of the backend. */
export function ownBackend({ backend, ipv4, ipv6 }: NetworkConfig, { macs, wireguardKey }: DeviceKeys): LeaseBackend {
  const publicKey = wireguardKey && wireguardPublicKey(wireguardKey);
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
      return {
        kind: 'wireguard',
        ipv4: ipv4 && publicKey && { publicKey, port: backend.listenPort },
        // One device for both families has one port.
        ipv6: ipv6 &&
          publicKey && { publicKey, port: backend.mode === 'separate' ? backend.listenPortV6 : backend.listenPort },
      };
  }
}
