import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CniError, renderCniError } from '../../../../../flannel/cni/model/cni-error.ts';
import { parseNetConf } from '../../../../../flannel/cni/model/net-conf.ts';
import { parseOverlayEnv } from '../../../../../flannel/cni/model/overlay-env.ts';
import { parseRequest } from '../../../../../flannel/cni/model/request.ts';
import { answerVersion, renderVersions } from '../../../../../flannel/cni/model/version.ts';

const ADD = {
  CNI_COMMAND: 'ADD',
  CNI_CONTAINERID: 'c1',
  CNI_NETNS: '/proc/1/ns/net',
  CNI_IFNAME: 'eth0',
  CNI_PATH: '/opt/cni/bin::/usr/lib/cni',
};

describe('the environment', () => {
  test.each([
    { env: ADD, gives: { command: 'ADD', containerId: 'c1', pluginFolders: ['/opt/cni/bin', '/usr/lib/cni'] } },
    {
      env: { ...ADD, CNI_COMMAND: 'DEL', CNI_NETNS: '' },
      gives: { command: 'DEL', containerId: 'c1', pluginFolders: ['/opt/cni/bin', '/usr/lib/cni'] },
    },
    { env: { CNI_COMMAND: 'VERSION' }, gives: { command: 'VERSION' } },
    { env: { CNI_COMMAND: 'STATUS', CNI_PATH: '/a' }, gives: { command: 'STATUS', pluginFolders: ['/a'] } },
    { env: { CNI_COMMAND: 'GC', CNI_PATH: '/a' }, gives: { command: 'GC', pluginFolders: ['/a'] } },
  ])('$env.CNI_COMMAND', ({ env, gives }) => {
    expect(parseRequest(env)).toEqual(gives);
  });

  const id = (text: string): object => ({ ...ADD, CNI_CONTAINERID: text });
  const ifname = (text: string): object => ({ ...ADD, CNI_IFNAME: text });
  test.each([
    {
      env: { CNI_COMMAND: 'add' },
      says: 'CNI_COMMAND "add" is unknown: expected ADD, CHECK, DEL, GC, STATUS, VERSION',
    },
    { env: { CNI_COMMAND: 'constructor' }, says: /^CNI_COMMAND "constructor" is unknown/ },
    {
      env: { CNI_COMMAND: 'ADD' },
      says: 'ADD needs CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME, CNI_PATH in the environment',
    },
    { env: { ...ADD, CNI_COMMAND: 'CHECK', CNI_NETNS: '' }, says: 'CHECK needs CNI_NETNS in the environment' },
    { env: { CNI_COMMAND: 'STATUS' }, says: 'STATUS needs CNI_PATH in the environment' },
    { env: id('../../etc/passwd'), says: /^CNI_CONTAINERID "\.\.\/\.\.\/etc\/passwd" is no container id/ },
    { env: id('..'), says: /is no container id/ },
    { env: id('.hidden'), says: /is no container id/ },
    { env: id('a/b'), says: /is no container id/ },
    { env: id('a\n'), says: /is no container id/ },
    { env: ifname('..'), says: /^CNI_IFNAME "\.\." is no interface name/ },
    { env: ifname('a/b'), says: /is no interface name/ },
    { env: ifname('eth0 '), says: /is no interface name/ },
    { env: ifname('a:1'), says: /is no interface name/ },
    { env: ifname('sixteen-letters-'), says: /is no interface name/ },
  ])('$says', ({ env, says }) => {
    expect(() => parseRequest(env as Record<string, string>)).toThrow(expect.objectContaining({ code: 4 }) as Error);
    expect(() => parseRequest(env as Record<string, string>)).toThrow(says);
  });
});

describe('the configuration', () => {
  test('has flannel’s defaults', () => {
    expect(parseNetConf('ADD', '{"name":"n"}')).toMatchObject({
      name: 'n',
      cniVersion: undefined,
      subnetFile: '/run/flannel/subnet.env',
      dataDir: '/var/lib/cni/flannel',
    });
  });

  test.each([
    { command: 'ADD', text: '', code: 6, says: /^the network configuration on stdin is not JSON: / },
    { command: 'ADD', text: '[1]', code: 6, says: 'the network configuration on stdin is no JSON object: [1]' },
    { command: 'ADD', text: '{}', code: 7, says: 'name: expected letters, digits, _ . - and no other first, got ""' },
    { command: 'ADD', text: '{"name":"../x"}', code: 7, says: /^name: expected letters/ },
    { command: 'ADD', text: '{"name":7}', code: 7, says: 'name: expected a text, got 7' },
    { command: 'ADD', text: '{"name":"n","cniVersion":1}', code: 7, says: 'cniVersion: expected a text, got 1' },
    {
      command: 'ADD',
      text: '{"name":"n","cniVersion":"2.0.0"}',
      code: 1,
      says: /^cniVersion "2.0.0" is not supported: expected one of 0.1.0, /,
    },
    {
      command: 'ADD',
      text: '{"name":"n","dataDir":"../x"}',
      code: 7,
      says: 'dataDir: expected a path from the root, got "../x"',
    },
    {
      command: 'ADD',
      text: '{"name":"n","subnetFile":""}',
      code: 7,
      says: 'subnetFile: expected a path from the root, got ""',
    },
    {
      command: 'ADD',
      text: '{"name":"n","delegate":"bridge"}',
      code: 7,
      says: 'delegate: expected an object, got "bridge"',
    },
    { command: 'ADD', text: '{"name":"n","ipam":[]}', code: 7, says: 'ipam: expected an object, got []' },
    {
      command: 'ADD',
      text: '{"name":"n","runtimeConfig":1}',
      code: 7,
      says: 'runtimeConfig: expected an object, got 1',
    },
    {
      command: 'CHECK',
      text: '{"name":"n"}',
      code: 1,
      says: 'cniVersion "0.1.0" has no CHECK: expected 0.4.0 or newer',
    },
    { command: 'CHECK', text: '{"name":"n","cniVersion":"0.3.1"}', code: 1, says: /has no CHECK/ },
    {
      command: 'STATUS',
      text: '{"name":"n","cniVersion":"1.0.0"}',
      code: 1,
      says: 'cniVersion "1.0.0" has no STATUS: expected 1.1.0 or newer',
    },
    { command: 'GC', text: '{"name":"n","cniVersion":"1.0.0"}', code: 1, says: /has no GC/ },
  ] as const)('$command of $text: $code', ({ command, text, code, says }) => {
    expect(() => parseNetConf(command, text)).toThrow(expect.objectContaining({ code }) as Error);
    expect(() => parseNetConf(command, text)).toThrow(says);
  });

  test.each(['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'])('may be of version %s', (cniVersion) => {
    expect(parseNetConf('ADD', JSON.stringify({ name: 'n', cniVersion })).cniVersion).toBe(cniVersion);
  });

  test('whatever comes is read or refused in a CNI error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          parseNetConf('ADD', text);
        } catch (error) {
          expect(error).toBeInstanceOf(CniError);
        }
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('versions', () => {
  test.each([
    { text: '{"cniVersion":"0.4.0"}', version: '0.4.0' },
    { text: '{"cniVersion":"9.9.9"}', version: '1.1.0' },
    { text: '', version: '1.1.0' },
    { text: 'null', version: '1.1.0' },
    { text: '{"cniVersion":5}', version: '1.1.0' },
  ])('$text is answered in $version', ({ text, version }) => {
    expect(answerVersion(text)).toBe(version);
    expect(JSON.parse(renderVersions(text))).toEqual({
      cniVersion: version,
      supportedVersions: ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'],
    });
  });

  test('an error says its version, code and sentence', () => {
    const text = renderCniError(new CniError(7, 'name: "x"\n'), '0.4.0');
    expect(JSON.parse(text)).toEqual({ cniVersion: '0.4.0', code: 7, msg: 'name: "x"\n' });
  });
});

describe('subnet.env', () => {
  const GOOD = {
    FLANNEL_NETWORK: '10.5.0.0/16',
    FLANNEL_SUBNET: '10.5.1.1/24',
    FLANNEL_MTU: '1450',
    FLANNEL_IPMASQ: 'true',
  };
  const read = (changes: Readonly<Record<string, string | undefined>>): unknown =>
    parseOverlayEnv(
      '/x/subnet.env',
      Object.entries<string | undefined>({ ...GOOD, ...changes })
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => `${name}=${value ?? ''}\n`)
        .join(''),
    );

  test('may be quoted by hand, and of IPv6 alone', () => {
    expect(
      parseOverlayEnv(
        'x',
        '# by hand\r\nFLANNEL_IPV6_NETWORK="fc00:5::/48"\r\nFLANNEL_IPV6_SUBNET=fc00:5:0:38::1/64\r\nFLANNEL_MTU=\'1430\'\r\nFLANNEL_IPMASQ=false',
      ),
    ).toMatchObject({
      mtuBytes: 1430,
      ipMasq: false,
      networks: [{ prefixLength: 48 }],
      subnets: [{ prefixLength: 64 }],
    });
  });

  test.each([
    { changes: { FLANNEL_NETWORK: undefined }, says: '/x/subnet.env is missing FLANNEL_NETWORK, FLANNEL_IPV6_NETWORK' },
    {
      changes: { FLANNEL_SUBNET: '', FLANNEL_MTU: '' },
      says: '/x/subnet.env is missing FLANNEL_SUBNET, FLANNEL_IPV6_SUBNET, FLANNEL_MTU',
    },
    { changes: { FLANNEL_IPMASQ: undefined }, says: '/x/subnet.env is missing FLANNEL_IPMASQ' },
    {
      changes: { FLANNEL_NETWORK: '10.5.0.0/16,x' },
      says: '/x/subnet.env has FLANNEL_NETWORK="x": expected an IPv4 network such as 10.5.0.0/16',
    },
    {
      changes: { FLANNEL_SUBNET: '10.5.1.1/24,10.6.1.1/24' },
      says: /has FLANNEL_SUBNET="10.5.1.1\/24,10.6.1.1\/24": expected an IPv4 network/,
    },
    {
      changes: { FLANNEL_IPV6_SUBNET: '10.5.1.1/24' },
      says: /has FLANNEL_IPV6_SUBNET="10.5.1.1\/24": expected an IPv6 network/,
    },
    {
      changes: { FLANNEL_MTU: '0' },
      says: '/x/subnet.env has FLANNEL_MTU="0": expected a number of bytes from 68 to 65535',
    },
    { changes: { FLANNEL_MTU: '14e2' }, says: /has FLANNEL_MTU="14e2"/ },
    { changes: { FLANNEL_IPMASQ: 'maybe' }, says: '/x/subnet.env has FLANNEL_IPMASQ="maybe": expected true or false' },
  ])('$says', ({ changes, says }) => {
    expect(() => read(changes)).toThrow(expect.objectContaining({ code: 7 }) as Error);
    expect(() => read(changes)).toThrow(says);
  });
});
