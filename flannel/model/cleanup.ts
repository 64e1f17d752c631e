import { formatCidr, formatIp, type Cidr, type IpAddress } from '../../native/net/ip.ts';

/** One thing that `weft cleanup` takes away. */
export type CleanupStep =
  | { readonly kind: 'release-lease'; readonly key: string; readonly modRevision: bigint }
  | { readonly kind: 'delete-link'; readonly name: string; readonly ifindex: number; readonly linkKind: string }
  | {
      readonly kind: 'delete-route';
      readonly destination: Cidr;
      readonly gateway: IpAddress | undefined;
      readonly oif: number | undefined;
      readonly device: string | undefined;
      readonly metric: number | undefined;
      /** RTN_*. */
      readonly type: number;
    }
  | { readonly kind: 'delete-nft-table'; readonly family: string; readonly table: string }
  | {
      readonly kind: 'delete-iptables-chains';
      /** The program whose rules they are: `iptables-nft`, `ip6tables-legacy`. */
      readonly program: string;
      readonly table: string;
      readonly chains: readonly string[];
      /** Rules of other chains that lead there, as iptables-save prints them. */
      readonly jumps: readonly string[];
    }
  | { readonly kind: 'remove-file'; readonly path: string };

const RTN_BLACKHOLE = 6;

/** What a step does, for a person. */
export function cleanupText(step: CleanupStep): string {
  switch (step.kind) {
    case 'release-lease':
      return `release the lease ${step.key}`;
    case 'delete-link':
      return `delete the ${step.linkKind} device ${step.name} and all that is on it`;
    case 'delete-route': {
      const { destination, gateway, device, type } = step;
      const what = type === RTN_BLACKHOLE ? 'blackhole route' : 'route';
      const via = gateway === undefined ? '' : ` via ${formatIp(gateway)}`;
      return `delete the ${what} ${formatCidr(destination)}${via}${device === undefined ? '' : ` dev ${device}`}`;
    }
    case 'delete-nft-table':
      return `delete the nftables table ${step.family} ${step.table}`;
    case 'delete-iptables-chains':
      return `delete the chains ${step.chains.join(', ')} and what leads there (${step.program}, table ${step.table})`;
    case 'remove-file':
      return `remove ${step.path}`;
  }
}

export interface CandidateDevice {
  readonly name: string;
  readonly kind: string | undefined;
  readonly vni: number | undefined;
}

const VXLAN_NAME = /^flannel(?:-v6)?\.(\d+)$/;
const PLAIN_DEVICES: Readonly<Record<string, string>> = {
  'flannel.ipip': 'ipip',
  'flannel-wg': 'wireguard',
  'flannel-wg-v6': 'wireguard',
};

/** Whether a device is one that flannel and weft make: by its name and its kind, a vxlan by its VNI as well. */
export function isOverlayDevice({ name, kind, vni }: CandidateDevice): boolean {
  const [, number] = VXLAN_NAME.exec(name) ?? [];
  if (number !== undefined) return kind === 'vxlan' && vni === Number(number);
  return Object.hasOwn(PLAIN_DEVICES, name) && PLAIN_DEVICES[name] === kind;
}

/** Files of the state folder that the overlay agent keeps; all else there is somebody else's. */
export function isStateFile(name: string): boolean {
  return ['node-id', 'wireguard.key', 'firewall-place'].includes(name) || /^flannel(?:-v6)?\.\d+\.mac$/.test(name);
}

/** The tables and chains of either firewall that flannel and weft make; a second agent's have a number. */
export const OWN_NFT_TABLE = /^flannel-ipv[46](?:-\d+)?$/;
export const OWN_CHAIN = /^FLANNEL-(?:POSTRTG|FWD)(?:-\d+)?$/;

export type OwnChains = Pick<Extract<CleanupStep, { kind: 'delete-iptables-chains' }>, 'table' | 'chains' | 'jumps'>;

/** One line of iptables-save that is ours: a chain, or a rule elsewhere that leads to one. */
function ownPart(line: string): Pick<OwnChains, 'chains' | 'jumps'> {
  const [, chain = ''] = /^:(\S+)/.exec(line) ?? [];
  const [, from = '', to = ''] = /^-A (\S+) .*-[jg] (\S+)/.exec(line) ?? [];
  return {
    chains: OWN_CHAIN.test(chain) ? [chain] : [],
    jumps: OWN_CHAIN.test(to) && !OWN_CHAIN.test(from) ? [line] : [],
  };
}

/** Our chains in the output of iptables-save, by table, and the rules elsewhere that lead to them. */
export function ownChains(saved: string): OwnChains[] {
  return saved.split(/^\*/m).flatMap((text) => {
    const [table = '', ...lines] = text.split('\n');
    const parts = lines.map(ownPart);
    const chains = parts.flatMap((part) => part.chains);
    const jumps = parts.flatMap((part) => part.jumps);
    return chains.length === 0 && jumps.length === 0 ? [] : [{ table: table.trim(), chains, jumps }];
  });
}

/** What iptables-restore takes to remove them, all or nothing. */
export function chainRemoval({ table, chains, jumps }: OwnChains): string {
  return [
    `*${table}`,
    ...jumps.map((rule) => rule.replace(/^-A/, '-D')),
    ...chains.map((chain) => `-F ${chain}`),
    ...chains.map((chain) => `-X ${chain}`),
    'COMMIT',
    '',
  ].join('\n');
}
