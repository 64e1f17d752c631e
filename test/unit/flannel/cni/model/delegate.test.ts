import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  delegateOf,
  parseStored,
  renderConf,
  validContainers,
  withGateways,
} from '../../../../../flannel/cni/model/delegate.ts';
import { parseNetConf } from '../../../../../flannel/cni/model/net-conf.ts';
import { parseOverlayEnv } from '../../../../../flannel/cni/model/overlay-env.ts';
import { packageRoot } from '../../../../../native/host/package-root.ts';

const recorded = (folder: string): string =>
  readFileSync(join(packageRoot(), 'test/fixtures/flannel', folder, 'h1/subnet.env'), 'utf8');

const PATH = '/run/flannel/subnet.env';
const ONE = recorded('R01-v0.20.2-vxlan-masq');
const DUAL = recorded('R05-v0.20.2-dualstack-vxlan-masq');
const SEVERAL = `FLANNEL_NETWORK=10.5.0.0/16,10.6.0.9/16,10.5.0.0/16
FLANNEL_SUBNET=10.5.89.1/24
FLANNEL_IPV6_NETWORK=fc00:5::/48,fc00:6::/48
FLANNEL_MTU=1400
FLANNEL_IPMASQ=false
`;

const conf = (fields: object, env = ONE): unknown =>
  JSON.parse(
    renderConf(
      delegateOf(
        parseNetConf('ADD', JSON.stringify({ name: 'cbr0', type: 'flannel', ...fields })),
        parseOverlayEnv(PATH, env),
      ).conf,
    ),
  );

const IPAM = {
  type: 'host-local',
  ranges: [[{ subnet: '10.5.89.0/24' }]],
  routes: [{ dst: '10.5.0.0/16' }],
};
const BRIDGE = { name: 'cbr0', type: 'bridge', ipMasq: false, mtu: 1450, isGateway: true, ipam: IPAM };

describe('the delegate’s configuration is the one of flannel’s plugin', () => {
  test.each([
    { name: 'nothing but a name', fields: {}, gives: BRIDGE },
    { name: 'a version', fields: { cniVersion: '0.3.1' }, gives: { ...BRIDGE, cniVersion: '0.3.1' } },
    { name: 'an empty version', fields: { cniVersion: '' }, gives: BRIDGE },
    {
      name: 'kube-flannel’s own',
      fields: { cniVersion: '0.3.1', delegate: { hairpinMode: true, isDefaultGateway: true } },
      gives: { ...BRIDGE, cniVersion: '0.3.1', hairpinMode: true, isDefaultGateway: true },
    },
    {
      name: 'what the delegate sets itself',
      fields: { delegate: { bridge: 'mynet0', mtu: 1400, ipMasq: true, isGateway: false } },
      gives: { ...BRIDGE, bridge: 'mynet0', mtu: 1400, ipMasq: true, isGateway: false },
    },
    {
      name: 'another type',
      fields: { delegate: { type: 'ipvlan', master: 'eth0' } },
      gives: { name: 'cbr0', type: 'ipvlan', master: 'eth0', ipMasq: false, mtu: 1450, ipam: IPAM },
    },
    {
      name: 'an ipam of one’s own',
      fields: {
        ipam: {
          type: 'other',
          dataDir: '/x',
          ranges: [[{ subnet: '1.2.3.0/24' }]],
          routes: [{ dst: '0.0.0.0/0', gw: '10.5.89.9' }],
        },
      },
      gives: {
        ...BRIDGE,
        ipam: {
          ...IPAM,
          type: 'other',
          dataDir: '/x',
          routes: [{ dst: '0.0.0.0/0', gw: '10.5.89.9' }, { dst: '10.5.0.0/16' }],
        },
      },
    },
    {
      name: 'runtimeConfig, which replaces the delegate’s',
      fields: { runtimeConfig: { portMappings: [{ hostPort: 80 }] }, delegate: { runtimeConfig: { mac: 'x' } } },
      gives: { ...BRIDGE, runtimeConfig: { portMappings: [{ hostPort: 80 }] } },
    },
    {
      name: 'what concerns the delegate only by way of flannel',
      fields: { dns: { nameservers: ['1.1.1.1'] }, args: {}, prevResult: {}, capabilities: { portMappings: true } },
      gives: BRIDGE,
    },
    { name: 'null for absent', fields: { delegate: null, ipam: null, runtimeConfig: null }, gives: BRIDGE },
    { name: 'names in another case', fields: { Delegate: { bridge: 'b' } }, gives: { ...BRIDGE, bridge: 'b' } },
  ])('$name', ({ fields, gives }) => {
    expect(conf(fields)).toEqual(gives);
  });

  test('both families', () => {
    expect(conf({}, DUAL)).toEqual({
      ...BRIDGE,
      ipam: {
        type: 'host-local',
        ranges: [[{ subnet: '10.5.29.0/24' }], [{ subnet: 'fc00:5:0:38::/64' }]],
        routes: [{ dst: '10.5.0.0/16' }, { dst: 'fc00:5::/48' }],
      },
    });
  });

  test('several networks, each once; nobody masquerades yet', () => {
    expect(conf({}, SEVERAL)).toEqual({
      ...BRIDGE,
      mtu: 1400,
      ipMasq: true,
      ipam: {
        ...IPAM,
        routes: ['10.5.0.0/16', '10.6.0.0/16', 'fc00:5::/48', 'fc00:6::/48'].map((dst) => ({ dst })),
      },
    });
  });

  test('and its bytes are those that Go writes', () => {
    const netConf = parseNetConf(
      'ADD',
      '{"name":"cbr0","cniVersion":"1.0.0","delegate":{"bridge":"cni0","a":[{"c":1,"b":2}]}}',
    );
    expect(renderConf(delegateOf(netConf, parseOverlayEnv(PATH, ONE)).conf)).toBe(
      '{"a":[{"b":2,"c":1}],"bridge":"cni0","cniVersion":"1.0.0","ipMasq":false,"ipam":{"ranges":[[{"subnet":"10.5.89.0/24"}]],' +
        '"routes":[{"dst":"10.5.0.0/16"}],"type":"host-local"},"isGateway":true,"mtu":1450,"name":"cbr0","type":"bridge"}',
    );
  });
});

test('any JSON is written in order and stays the same', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
      const text = renderConf(object);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(object)));
      expect(renderConf(JSON.parse(text) as Record<string, unknown>)).toBe(text);
    }),
    { numRuns: 2000 },
  );
});

describe('what is wrong is named', () => {
  test.each([
    {
      fields: { delegate: { name: 'x' } },
      says: "delegate.name: must not be there; it is taken from the network's own name",
    },
    {
      fields: { delegate: { ipam: {} } },
      says: "delegate.ipam: must not be there; it is taken from the network's own ipam",
    },
    { fields: { delegate: { type: 7 } }, says: 'delegate.type: expected the name of a plugin such as bridge, got 7' },
    {
      fields: { delegate: { type: '../sh' } },
      says: 'delegate.type: expected the name of a plugin such as bridge, got "../sh"',
    },
    {
      fields: { delegate: { type: '..' } },
      says: 'delegate.type: expected the name of a plugin such as bridge, got ".."',
    },
    { fields: { ipam: { type: '' } }, says: 'ipam.type: expected the name of a plugin such as bridge, got ""' },
    { fields: { ipam: { routes: 'x' } }, says: 'ipam.routes: expected a list, got "x"' },
    {
      fields: { ipam: { routes: [{ gw: '1.2.3.4' }] } },
      says: 'ipam.routes.0: expected an object with dst such as 0.0.0.0/0, got {"gw":"1.2.3.4"}',
    },
    { fields: { ipam: { routes: [{ dst: '10.0.0.0/33' }] } }, says: /^ipam\.routes\.0: expected an object with dst/ },
    {
      fields: { ipam: { routes: [{ dst: '::/0', gw: 'x' }] } },
      says: 'ipam.routes.0.gw: expected an address, got "x"',
    },
  ])('$says', ({ fields, says }) => {
    expect(() => conf(fields)).toThrow(expect.objectContaining({ code: 7 }) as Error);
    expect(() => conf(fields)).toThrow(says);
  });
});

test.each([
  {
    text: '{"name":"a","type":"bridge","x":1}',
    gives: { name: 'a', type: 'bridge', conf: { name: 'a', type: 'bridge', x: 1 } },
  },
  { text: '{"name":"a","type":"../x"}', gives: undefined },
  { text: '{"name":"a"}', gives: undefined },
  { text: '{"name":"a","type"', gives: undefined },
  { text: '[]', gives: undefined },
])('a stored file: $text', ({ text, gives }) => {
  expect(parseStored(text)).toEqual(gives);
});

describe('GC', () => {
  const gc = (fields: object): ReadonlySet<string> =>
    validContainers(parseNetConf('GC', JSON.stringify({ cniVersion: '1.1.0', name: 'n', ...fields })));

  test.each([
    {
      name: 'the specification’s key',
      fields: { 'cni.dev/valid-attachments': [{ containerID: 'a', ifname: 'e' }] },
      ids: ['a'],
    },
    { name: 'the key before it', fields: { 'cni.dev/attachments': [{ containerID: 'b', ifname: 'e' }] }, ids: ['b'] },
    { name: 'nobody is left', fields: { 'cni.dev/valid-attachments': [] }, ids: [] },
  ])('$name', ({ fields, ids }) => {
    expect([...gc(fields)]).toEqual(ids);
  });

  test.each([
    { fields: {}, says: 'cni.dev/valid-attachments: GC needs the list, and there is none' },
    {
      fields: { 'cni.dev/valid-attachments': ['a'] },
      says: 'cni.dev/valid-attachments.0: expected containerID and ifname, got "a"',
    },
    { fields: { 'cni.dev/valid-attachments': {} }, says: 'cni.dev/valid-attachments: expected a list, got {}' },
  ])('a list that is none removes nothing: $says', ({ fields, says }) => {
    expect(() => gc(fields)).toThrow(says);
  });
});

test('a result’s routes get the gateways that delegates use for them', () => {
  const ips = [
    { address: '10.5.17.2/24', gateway: '10.5.17.1' },
    { address: 'fc00:5:0:17::2/64', gateway: 'fc00:5:0:17::1' },
  ];
  const routes = [{ dst: '10.5.0.0/16' }, { dst: 'fc00:5::/48' }, { dst: '0.0.0.0/0', gw: '10.5.17.9' }];
  expect(withGateways({ cniVersion: '1.0.0', ips, routes })).toEqual({
    cniVersion: '1.0.0',
    ips,
    routes: [
      { dst: '10.5.0.0/16', gw: '10.5.17.1' },
      { dst: 'fc00:5::/48', gw: 'fc00:5:0:17::1' },
      { dst: '0.0.0.0/0', gw: '10.5.17.9' },
    ],
  });
  expect(withGateways({ ips, routes: [7] })).toEqual({ ips, routes: [7] });
  expect(withGateways({ routes })).toEqual({ routes });
  expect(withGateways({ ips })).toEqual({ ips });
});
