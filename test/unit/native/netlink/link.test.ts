import fc from 'fast-check';
import * as ifla from 'netlink/dist/rt/ifla.js';
import * as rt from 'netlink/dist/rt/structs.js';
import { AttrStream, parseAttributes } from 'netlink/dist/structs.js';
import { describe, expect, test } from 'vitest';
import { formatIp, isIpv6, parseIp } from '../../../../native/net/ip.ts';
import { parseMac } from '../../../../native/net/mac.ts';
import {
  decodeLink,
  encodeDelLink,
  encodeGetLink,
  encodeGetLinks,
  encodeSetLink,
  type Link,
  type VxlanSettings,
} from '../../../../native/netlink/link.ts';
import { encodeNewBridge, encodeNewVeth, encodeNewVxlan, type NewVxlan } from '../../../../native/netlink/new-link.ts';
import { RTM, type Message } from '../../../../native/netlink/message.ts';
import { ifindex, ip, ipOfBytes, linkName, mac, newVxlan, u32 } from './arbitraries.ts';
import { hexFixture, iprouteReading, kernelMessages, messageOf } from './golden.ts';

const flannel: NewVxlan = {
  name: 'flannel.1',
  mac: parseMac('c6:d5:69:35:0e:f1'),
  txQueueLength: 0,
  vxlan: { vni: 1, lowerIfindex: 2, local: parseIp('192.168.77.11'), port: 0, learning: false, gbp: false },
};

describe('what flannel sends', () => {
  test('IFLA_INFO_DATA equals the recording to the byte', () => {
    const message = encodeNewVxlan(flannel);
    const data = hexFixture('flannel/R10-netlink/newlink-info-data-v4.hex');
    expect(message.subarray(-data.length).toString('hex')).toBe(data.toString('hex'));
  });

  test('the whole RTM_NEWLINK of v0.20.2: REQUEST ACK EXCL CREATE; IFNAME, TXQLEN, ADDRESS, LINKINFO{KIND, DATA}', () => {
    const data = hexFixture('flannel/R10-netlink/newlink-info-data-v4.hex').toString('hex');
    const attributes = [
      '0e000300666c616e6e656c2e310000' + '00', // "flannel.1" and its NUL, padded
      '08000d0000000000',
      '0a000100c6d569350ef10000',
      '74001200' + '0900010076786c616e000000' + '64000200' + data,
    ].join('');
    const length = 32 + attributes.length / 2;
    const header = `${length.toString(16)}000000` + '1000' + '0506' + '00000000' + '00000000';
    expect(encodeNewVxlan(flannel).toString('hex')).toBe(header + '00'.repeat(16) + attributes);
  });

  test('an IPv6 underlay: IFLA_VXLAN_LOCAL6 in place of LOCAL', () => {
    const local = parseIp('fd00:77::11');
    const message = encodeNewVxlan({ ...flannel, name: 'flannel-v6.1', vxlan: { ...flannel.vxlan, local } });
    const v4 = hexFixture('flannel/R10-netlink/newlink-info-data-v4.hex').toString('hex');
    const want = v4.replace('08000400c0a84d0b', '14001100' + 'fd00007700000000' + '0000000000000011');
    expect(message.subarray(-want.length / 2).toString('hex')).toBe(want);
  });

  test('newer versions put IFLA_MTU behind IFLA_IFNAME', () => {
    const types = [...attributeTypes(messageOf(encodeNewVxlan({ ...flannel, mtu: 1450 })))];
    expect(types).toEqual([3, 4, 13, 1, 18]);
  });

  test('port and gbp come last, gbp first, the port in network order', () => {
    const message = encodeNewVxlan({ ...flannel, vxlan: { ...flannel.vxlan, port: 8472, gbp: true } });
    expect(message.subarray(-12).toString('hex')).toBe('04001700' + '06000f0021180000');
  });

  test('setting up: ifindex, IFF_UP in flags and change', () => {
    const { type, flags, payload } = messageOf(encodeSetLink(7, { up: true }));
    expect({ type, flags, payload: payload.toString('hex') }).toEqual({
      type: RTM.NEWLINK,
      flags: 5,
      payload: '00000000' + '07000000' + '01000000' + '01000000',
    });
  });
});

function* attributeTypes({ payload }: Message): Generator<number> {
  for (let offset = 16; offset < payload.length; offset += (payload.readUInt16LE(offset) + 3) & ~3) {
    yield payload.readUInt16LE(offset + 2);
  }
}

/** Our reading in the words of `ip -d -j link`. */
function inWordsOfIp(link: Link, nameOf: (index: number | undefined) => string | undefined): Record<string, unknown> {
  return {
    ifindex: link.ifindex,
    ifname: link.name,
    address: link.mac,
    mtu: link.mtu,
    txqlen: link.txQueueLength ?? 0,
    operstate: link.operstate,
    up: link.up,
    kind: link.kind,
    link: nameOf(link.lowerIfindex),
    master: nameOf(link.masterIfindex),
    vxlan: link.vxlan && vxlanInWordsOfIp(link.vxlan, nameOf),
  };
}

function vxlanInWordsOfIp(vxlan: VxlanSettings, nameOf: (index: number | undefined) => string | undefined): object {
  const text = (address: VxlanSettings['local']): string | undefined =>
    address === undefined ? undefined : formatIp(address);
  return {
    id: vxlan.vni,
    link: nameOf(vxlan.lowerIfindex),
    [vxlan.local !== undefined && isIpv6(vxlan.local) ? 'local6' : 'local']: text(vxlan.local),
    [vxlan.group !== undefined && isIpv6(vxlan.group) ? 'group6' : 'group']: text(vxlan.group),
    port: vxlan.port,
    learning: vxlan.learning,
    gbp: vxlan.gbp,
    ttl: vxlan.ttl,
    tos: vxlan.tos,
    proxy: vxlan.proxy,
    rsc: vxlan.rsc,
    l2miss: vxlan.l2miss,
    l3miss: vxlan.l3miss,
    udp_zero_csum6_tx: vxlan.udpZeroCsum6Tx,
    udp_zero_csum6_rx: vxlan.udpZeroCsum6Rx,
  };
}

interface IpLink {
  readonly flags: readonly string[];
  readonly linkinfo?: { readonly info_kind?: string; readonly info_data?: Record<string, unknown> };
}

/** What `ip -d` tells and we have no use for. */
const UNREAD = new Set(['port_range', 'df', 'ageing', 'udp_csum']);

function readingOfIp(row: Record<string, unknown>): Record<string, unknown> {
  const { flags, linkinfo } = row as unknown as IpLink;
  const data = linkinfo?.info_kind === 'vxlan' ? linkinfo.info_data : undefined;
  const said = Object.entries(data ?? {}).filter(([name]) => !UNREAD.has(name));
  const vxlan = {
    proxy: false,
    rsc: false,
    l2miss: false,
    l3miss: false,
    gbp: false,
    ...Object.fromEntries(said),
    tos: Number(data?.['tos'] ?? 0),
  };
  return {
    ifindex: row['ifindex'],
    ifname: row['ifname'],
    address: row['address'],
    mtu: row['mtu'],
    txqlen: row['txqlen'] ?? 0,
    operstate: row['operstate'],
    up: flags.includes('UP'),
    kind: linkinfo?.info_kind,
    link: row['link'],
    master: row['master'],
    vxlan: data && vxlan,
  };
}

describe('what the kernel sends', () => {
  test.each(['links', 'links6'])('%s read as `ip -d link` reads them', (fixture) => {
    const links = kernelMessages(fixture).map((message) => decodeLink(message)!);
    const nameOf = (index: number | undefined): string | undefined =>
      links.find((link) => link.ifindex === index)?.name;
    expect(links.map((link) => inWordsOfIp(link, nameOf))).toEqual(iprouteReading(fixture).map(readingOfIp));
  });

  test('a port that leaves its bridge (DELLINK of AF_BRIDGE) is no link that is gone', () => {
    const gone = kernelMessages('events').filter((message) => message.type === RTM.DELLINK);
    expect(gone.map((message) => message.payload.readUInt8(0))).toContain(7);
    expect(gone.map((message) => decodeLink(message)?.name).filter((name) => name !== undefined)).toEqual([
      'flannel.1',
    ]);
  });
});

describe('round trips', () => {
  test('decode(encode(vxlan)) gives it back', () => {
    fc.assert(
      fc.property(newVxlan, ip, (wanted, group) => {
        for (const vxlan of [wanted.vxlan, { ...wanted.vxlan, group }]) {
          const link = decodeLink(messageOf(encodeNewVxlan({ ...wanted, vxlan })));
          expect(link).toMatchObject({ name: wanted.name, mtu: wanted.mtu, kind: 'vxlan', vxlan });
          expect(link).toMatchObject({ mac: wanted.mac, txQueueLength: wanted.txQueueLength });
        }
      }),
    );
  });

  test('decode(encode(change)) gives the change back', () => {
    const change = fc.record({
      up: fc.boolean(),
      mtu: u32,
      mac,
      masterIfindex: u32,
      name: linkName,
      txQueueLength: u32,
    });
    fc.assert(
      fc.property(ifindex, change, (index, wanted) => {
        expect(decodeLink(messageOf(encodeSetLink(index, wanted)))).toMatchObject({ ifindex: index, ...wanted });
      }),
    );
  });
});

describe('npm netlink as the judge', () => {
  test('it reads our vxlan', () => {
    fc.assert(
      fc.property(newVxlan, (wanted) => {
        const { attrs } = rt.parseLinkMessage(messageOf(encodeNewVxlan(wanted)).payload);
        expect(attrs).toMatchObject({ ifname: wanted.name, mtu: wanted.mtu });
        const info = infoOf(attrs.linkinfo);
        const data = ifla.parseVxlan(info.data);
        const { vxlan } = wanted;
        expect(info.kind).toBe('vxlan');
        expect(data).toMatchObject({ id: vxlan.vni, ttl: vxlan.ttl, tos: vxlan.tos, learning: Number(vxlan.learning) });
        expect(data.port?.readUInt16BE()).toBe(vxlan.port === 0 ? undefined : vxlan.port);
        const local = data.local ?? data.local6;
        expect(local && ipOfBytes(local)).toBe(vxlan.local);
        expect([data.link, data.gbp]).toEqual([vxlan.lowerIfindex, vxlan.gbp ? true : undefined]);
      }),
    );
  });

  test('it reads our veth: peer, namespace, MTU', () => {
    const message = messageOf(encodeNewVeth({ name: 'a', peerName: 'bb', peerNetnsPid: 33, mtu: 1400 }));
    const { attrs } = rt.parseLinkMessage(message.payload);
    const info = infoOf(attrs.linkinfo);
    const peer = ifla.parseVethInfo(info.data).peer as unknown as Buffer;
    expect([attrs.ifname, attrs.mtu, info.kind]).toEqual(['a', 1400, 'veth']);
    expect(rt.parseLinkMessage(peer).attrs).toMatchObject({ ifname: 'bb', mtu: 1400, netNsPid: 33 });
  });

  test('it reads our bridge', () => {
    const address = parseMac('02:00:00:00:00:09');
    const { attrs } = rt.parseLinkMessage(messageOf(encodeNewBridge({ name: 'br0', mtu: 1450, mac: address })).payload);
    expect(attrs).toMatchObject({ ifname: 'br0', mtu: 1450, address: Buffer.from('020000000009', 'hex') });
    expect(infoOf(attrs.linkinfo).kind).toBe('bridge');
  });

  test('we read what it formats', () => {
    const linkinfo = new AttrStream();
    linkinfo.emit(ifla.formatInfo({ kind: 'vxlan', data: packed(ifla.formatVxlan({ id: 9, ttl: 3, gbp: true })) }));
    const out = new AttrStream();
    const data = { family: 0, type: 1, index: 4, flags: { up: true }, change: {} };
    rt.formatLinkMessage(
      { kind: 'link', data, attrs: { ifname: 'x', linkinfo: Buffer.concat(linkinfo.bufs) } } as never,
      out,
    );
    const payload = Buffer.concat(out.bufs);
    const link = decodeLink({ type: RTM.NEWLINK, flags: 0, seq: 0, pid: 0, payload });
    expect(link).toMatchObject({
      ifindex: 4,
      name: 'x',
      up: true,
      kind: 'vxlan',
      vxlan: { vni: 9, ttl: 3, gbp: true },
    });
  });
});

/** The package's own parseInfo wants a NUL behind the kind, which flannel does not send; hence its attribute walk. */
function infoOf(linkinfo: unknown): { kind: string; data: Buffer } {
  const info: { kind: string; data: Buffer } = { kind: '', data: Buffer.alloc(0) };
  parseAttributes(linkinfo as Buffer, ({ type, data }) => {
    if (type === 1) info.kind = data.toString();
    if (type === 2) info.data = data;
  });
  return info;
}

function packed(stream: ReturnType<typeof ifla.formatVxlan>): Buffer {
  const out = new AttrStream();
  out.emit(stream);
  return Buffer.concat(out.bufs);
}

test.each([
  { name: 'delete', encoded: encodeDelLink(7), type: RTM.DELLINK, flags: 0x5, index: 7 },
  { name: 'get by index', encoded: encodeGetLink({ ifindex: 7 }), type: RTM.GETLINK, flags: 0x5, index: 7 },
  { name: 'get by name', encoded: encodeGetLink({ name: 'eth0' }), type: RTM.GETLINK, flags: 0x5, index: 0 },
  { name: 'dump', encoded: encodeGetLinks(), type: RTM.GETLINK, flags: 0x301, index: 0 },
])('$name has its type, flags and index', ({ encoded, type, flags, index }) => {
  const message = messageOf(encoded);
  expect([message.type, message.flags, message.payload.readUInt32LE(4)]).toEqual([type, flags, index]);
});
