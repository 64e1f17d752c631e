import fc from 'fast-check';
import * as ifla from 'netlink/dist/rt/ifla.js';
import { parseAttributes } from 'netlink/dist/structs.js';
import { expect, test } from 'vitest';
import { parseIpv4 } from '../../../../native/net/ipv4.ts';
import { decodeLink } from '../../../../native/netlink/link.ts';
import { encodeNewIpip, encodeNewWireguard } from '../../../../native/netlink/new-link.ts';
import { RTM } from '../../../../native/netlink/message.ts';
import { newIpip } from './arbitraries.ts';
import { messageOf } from './golden.ts';

/** The value of an attribute of a buffer of attributes. */
function attributeOf(buffer: Buffer, wanted: number): Buffer {
  let found: Buffer | undefined;
  parseAttributes(buffer, ({ type, data }) => {
    if (type === wanted) found = data;
  });
  if (found === undefined) throw new RangeError(`no attribute ${wanted}`);
  return found;
}

const infoOf = (payload: Buffer): Buffer => attributeOf(payload.subarray(16), 18);

test('an ipip device: REQUEST ACK EXCL CREATE; IFNAME, LINKINFO{KIND, DATA{LOCAL, TTL, PMTUDISC}}', () => {
  const message = messageOf(
    encodeNewIpip({
      name: 'flannel.ipip',
      ipip: {
        lowerIfindex: undefined,
        local: parseIpv4('192.168.77.11'),
        remote: undefined,
        ttl: 0,
        pmtuDiscovery: false,
      },
    }),
  );
  expect([message.type, message.flags]).toEqual([RTM.NEWLINK, 0x605]);
  expect(message.payload.subarray(16).toString('hex')).toBe(
    '11000300' +
      Buffer.from('flannel.ipip').toString('hex') +
      '00000000' +
      '28001200' +
      '08000100' +
      '69706970' +
      '1c000200' +
      '08000200c0a84d0b' +
      '0500040000000000' +
      '05000a0000000000',
  );
});

test('decode(encode(ipip)) gives it back; npm netlink reads the same', () => {
  fc.assert(
    fc.property(newIpip, (wanted) => {
      const message = messageOf(encodeNewIpip(wanted));
      expect(decodeLink(message)).toMatchObject({ ...wanted, kind: 'ipip', vxlan: undefined });
      const theirs = ifla.parseIptun(attributeOf(infoOf(message.payload), 2));
      expect([theirs.link, theirs.ttl, theirs.pmtudisc]).toEqual([
        wanted.ipip.lowerIfindex,
        wanted.ipip.ttl,
        Number(wanted.ipip.pmtuDiscovery),
      ]);
    }),
  );
});

test('a wireguard device has its kind and no settings', () => {
  const message = messageOf(encodeNewWireguard({ name: 'flannel-wg', mtu: 1420 }));
  expect(decodeLink(message)).toMatchObject({ name: 'flannel-wg', mtu: 1420, kind: 'wireguard', ipip: undefined });
  expect(attributeOf(infoOf(message.payload), 1).toString()).toBe('wireguard');
  expect([message.type, message.flags]).toEqual([RTM.NEWLINK, 0x605]);
});
