import type { MacAddress } from '../net/mac.ts';
import { MessageWriter } from './attribute-writer.ts';
import { writeIpipSettings, type IpipSettings } from './ipip.ts';
import { IFINFOMSG_BYTES, IFLA, IFLA_INFO } from './link-attributes.ts';
import { NLM_F, RTM } from './message.ts';
import { writeVxlanSettings, type VxlanSettings } from './vxlan.ts';

const CREATE_NEW = NLM_F.REQUEST | NLM_F.ACK | NLM_F.CREATE | NLM_F.EXCL;
const VETH_INFO_PEER = 1;

export interface NewVxlan {
  readonly name: string;
  /** Left to the kernel (random) when `undefined`. */
  readonly mac?: MacAddress | undefined;
  /** Left to the kernel (lower device minus 50) when `undefined`. */
  readonly mtu?: number | undefined;
  readonly txQueueLength?: number | undefined;
  readonly vxlan: VxlanSettings;
}

/** `ip link add NAME … type vxlan id VNI dev LOWER local ADDRESS dstport PORT nolearning`. EEXIST if name, or VNI and port, are taken. */
export function encodeNewVxlan({ name, mac, mtu, txQueueLength, vxlan }: NewVxlan): Buffer {
  const writer = new MessageWriter(RTM.NEWLINK, CREATE_NEW, IFINFOMSG_BYTES).zeroTerminated(IFLA.IFNAME, name);
  if (mtu !== undefined) writer.u32(IFLA.MTU, mtu);
  if (txQueueLength !== undefined) writer.u32(IFLA.TXQLEN, txQueueLength);
  if (mac !== undefined) writer.mac(IFLA.ADDRESS, mac);
  return writer
    .nested(IFLA.LINKINFO, (info) => {
      info.text(IFLA_INFO.KIND, 'vxlan').nested(IFLA_INFO.DATA, (data) => {
        writeVxlanSettings(data, vxlan);
      });
    })
    .finish();
}

export interface NewBridge {
  readonly name: string;
  readonly mac?: MacAddress | undefined;
  readonly mtu?: number | undefined;
}

/** `ip link add NAME type bridge`. */
export function encodeNewBridge({ name, mac, mtu }: NewBridge): Buffer {
  const writer = new MessageWriter(RTM.NEWLINK, CREATE_NEW, IFINFOMSG_BYTES).zeroTerminated(IFLA.IFNAME, name);
  if (mtu !== undefined) writer.u32(IFLA.MTU, mtu);
  if (mac !== undefined) writer.mac(IFLA.ADDRESS, mac);
  return writer.nested(IFLA.LINKINFO, (info) => info.text(IFLA_INFO.KIND, 'bridge')).finish();
}

export interface NewIpip {
  readonly name: string;
  /** Left to the kernel (lower device minus 20) when `undefined`. */
  readonly mtu?: number | undefined;
  readonly ipip: IpipSettings;
}

/**
 * `ip link add NAME type ipip local ADDRESS [remote ADDRESS] [dev LOWER] ttl TTL [no]pmtudisc`. EEXIST if name, or both addresses,
 * are taken; EOPNOTSUPP if the kernel has no ipip module.
 */
export function encodeNewIpip({ name, mtu, ipip }: NewIpip): Buffer {
  const writer = new MessageWriter(RTM.NEWLINK, CREATE_NEW, IFINFOMSG_BYTES).zeroTerminated(IFLA.IFNAME, name);
  if (mtu !== undefined) writer.u32(IFLA.MTU, mtu);
  return writer
    .nested(IFLA.LINKINFO, (info) => {
      info.text(IFLA_INFO.KIND, 'ipip').nested(IFLA_INFO.DATA, (data) => {
        writeIpipSettings(data, ipip);
      });
    })
    .finish();
}

export interface NewWireguard {
  readonly name: string;
  /** Left to the kernel (1420) when `undefined`. */
  readonly mtu?: number | undefined;
}

/** `ip link add NAME type wireguard`; keys and peers by wireguard.ts. EOPNOTSUPP if the kernel has no wireguard module. */
export function encodeNewWireguard({ name, mtu }: NewWireguard): Buffer {
  const writer = new MessageWriter(RTM.NEWLINK, CREATE_NEW, IFINFOMSG_BYTES).zeroTerminated(IFLA.IFNAME, name);
  if (mtu !== undefined) writer.u32(IFLA.MTU, mtu);
  return writer.nested(IFLA.LINKINFO, (info) => info.text(IFLA_INFO.KIND, 'wireguard')).finish();
}

export interface NewVeth {
  readonly name: string;
  readonly peerName: string;
  /** An open descriptor of the namespace the peer is born in; at most one of fd and pid. */
  readonly peerNetnsFd?: number | undefined;
  readonly peerNetnsPid?: number | undefined;
  /** For both ends, bytes. */
  readonly mtu?: number | undefined;
  /** Of the near end. */
  readonly mac?: MacAddress | undefined;
}

/** `ip link add NAME [mtu MTU] type veth peer name PEER [netns …]`. */
export function encodeNewVeth({ name, peerName, peerNetnsFd, peerNetnsPid, mtu, mac }: NewVeth): Buffer {
  const writer = new MessageWriter(RTM.NEWLINK, CREATE_NEW, IFINFOMSG_BYTES).zeroTerminated(IFLA.IFNAME, name);
  if (mtu !== undefined) writer.u32(IFLA.MTU, mtu);
  if (mac !== undefined) writer.mac(IFLA.ADDRESS, mac);
  const writePeer = (peer: MessageWriter): void => {
    peer.zeros(IFINFOMSG_BYTES).zeroTerminated(IFLA.IFNAME, peerName);
    if (mtu !== undefined) peer.u32(IFLA.MTU, mtu);
    if (peerNetnsPid !== undefined) peer.u32(IFLA.NET_NS_PID, peerNetnsPid);
    if (peerNetnsFd !== undefined) peer.u32(IFLA.NET_NS_FD, peerNetnsFd);
  };
  return writer
    .nested(IFLA.LINKINFO, (info) => {
      info.text(IFLA_INFO.KIND, 'veth').nested(IFLA_INFO.DATA, (data) => data.nested(VETH_INFO_PEER, writePeer));
    })
    .finish();
}
