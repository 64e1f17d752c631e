import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { callCni, cniEnvironment, pluginFolder, type CniAnswer, type CniCall } from '../../support/cni.ts';
import { makeNamespace, type TestNamespace } from '../../support/netns.ts';
import { until } from '../../support/until.ts';

const V4 = 'FLANNEL_NETWORK=10.5.0.0/16\nFLANNEL_SUBNET=10.5.17.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n';
const DUAL = `${V4}FLANNEL_IPV6_NETWORK=fc00:5::/48\nFLANNEL_IPV6_SUBNET=fc00:5:0:17::1/64\n`;

let folder: string;
let plugins: string;
let host: TestNamespace;
let conf: { cniVersion: string; name: string } & Record<string, unknown>;

const inFolder = (name: string): string => join(folder, name);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weft-test-cni-'));
  plugins = pluginFolder(folder);
  host = await makeNamespace('cni');
  writeFileSync(inFolder('subnet.env'), V4);
  conf = {
    cniVersion: '1.0.0',
    name: 'weft-net',
    type: 'flannel',
    subnetFile: inFolder('subnet.env'),
    dataDir: inFolder('data'),
    ipam: { dataDir: inFolder('ipam') },
    delegate: { bridge: 'cni0' },
  };
});

afterEach(async () => {
  await host[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const call = (command: string, more: Partial<CniCall> = {}): CniAnswer =>
  callCni({ command, host: host.name, conf, folders: [plugins], ...more });

/** Addresses that host-local has given away. */
const reserved = (network = 'weft-net'): string[] =>
  readdirSync(join(inFolder('ipam'), network)).filter((name) => /^[\da-f.:]+$/.test(name));

const links = (): string[] =>
  (JSON.parse(host.ip('-j link show')) as { ifname: string }[]).map(({ ifname }) => ifname.replace(/^veth.*/, 'veth'));

/** A plugin that writes what it was sent to `seen`, then does what `body` says. */
function script(name: string, body: string): void {
  const seen = inFolder('seen');
  const text = `#!/bin/sh\n{ echo "$CNI_COMMAND $CNI_CONTAINERID $CNI_IFNAME $CNI_ARGS"; cat; } >${seen}\n${body}\n`;
  writeFileSync(join(plugins, name), text, { mode: 0o755 });
}

function seen(): { line: string; conf: unknown } {
  const [line = '', ...rest] = readFileSync(inFolder('seen'), 'utf8').split('\n');
  return { line, conf: JSON.parse(rest.join('\n')) };
}

describe('with Debian’s bridge and host-local', () => {
  test.each([
    { name: 'IPv4', env: V4, addresses: ['10.5.17.2/24'] },
    { name: 'both families', env: DUAL, addresses: ['10.5.17.2/24', 'fc00:5:0:17::2/64'] },
  ])('ADD, CHECK, DEL leave nothing: $name', async ({ env, addresses }) => {
    writeFileSync(inFolder('subnet.env'), env);
    await using container = await makeNamespace('ctr');
    const at = { containerId: 'c1', netns: container.path };
    const added = call('ADD', at);
    expect(added).toMatchObject({ status: 0, stderr: '' });
    const prevResult = added.json() as { ips: { address: string }[] };
    expect(prevResult).toMatchObject({ cniVersion: '1.0.0', ips: addresses.map((address) => ({ address })) });
    expect(container.ip('link show eth0')).toContain('mtu 1450');
    expect(host.ip('addr show cni0')).toContain('10.5.17.1/24');
    expect(container.ip('route show')).toContain('10.5.0.0/16 via 10.5.17.1');
    expect(statSync(inFolder('data')).mode & 0o777).toBe(0o700);
    expect(statSync(join(inFolder('data'), 'c1')).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(join(inFolder('data'), 'c1'), 'utf8'))).toMatchObject({ type: 'bridge', mtu: 1450 });

    expect(call('CHECK', { ...at, conf: { ...conf, prevResult } })).toMatchObject({ status: 0, stdout: '' });
    container.ip('route del 10.5.0.0/16');
    const routeless = call('CHECK', { ...at, conf: { ...conf, prevResult } });
    expect(routeless.json()).toMatchObject({ msg: expect.stringContaining('Expected Route') as string });
    container.ip('addr flush dev eth0');
    const checked = call('CHECK', { ...at, conf: { ...conf, prevResult } });
    expect(checked.status).toBe(1);
    expect(checked.json()).toMatchObject({ msg: expect.stringContaining('10.5.17.2') as string });

    expect(call('DEL', at)).toMatchObject({ status: 0, stdout: '' });
    expect(links()).toEqual(['lo', 'cni0']);
    expect(reserved()).toEqual([]);
    expect(readdirSync(inFolder('data'))).toEqual([]);
    expect(call('DEL', at)).toMatchObject({ status: 0, stdout: '' });
  });

  test.each([
    {
      name: 'subnet.env is gone',
      before: () => {
        unlinkSync(inFolder('subnet.env'));
      },
    },
    {
      name: 'the host has another subnet now',
      before: () => {
        writeFileSync(inFolder('subnet.env'), V4.replace('.17.', '.18.'));
      },
    },
    {
      name: 'the network’s own configuration is wrong now',
      before: () => {
        conf['delegate'] = { type: 7 };
      },
    },
    {
      name: 'the stored configuration is lost',
      before: () => {
        unlinkSync(join(inFolder('data'), 'c1'));
      },
    },
    {
      name: 'the stored configuration is damaged',
      before: () => {
        writeFileSync(join(inFolder('data'), 'c1'), '{');
      },
    },
  ])('DEL frees the address when $name', async ({ before }) => {
    await using container = await makeNamespace('ctr');
    const at = { containerId: 'c1', netns: container.path };
    expect(call('ADD', at).status).toBe(0);
    before();
    expect(call('DEL', at)).toMatchObject({ status: 0, stdout: '' });
    expect(links()).toEqual(['lo', 'cni0']);
    expect(reserved()).toEqual([]);
    expect(call('DEL', at)).toMatchObject({ status: 0, stdout: '' });
  });

  test('two networks of one container are both taken down', async () => {
    await using container = await makeNamespace('ctr');
    const second = { ...conf, name: 'other-net', delegate: { bridge: 'cni1' } };
    const at = { containerId: 'c1', netns: container.path };
    expect(call('ADD', at).status).toBe(0);
    expect(call('ADD', { ...at, ifname: 'eth1', conf: second }).status).toBe(0);
    expect(call('DEL', at).status).toBe(0);
    expect(call('DEL', { ...at, ifname: 'eth1', conf: second }).status).toBe(0);
    expect([...reserved(), ...reserved('other-net')]).toEqual([]);
    expect(readdirSync(inFolder('data'))).toEqual([]);
  });

  test('a version that the delegate does not know is the delegate’s answer', async () => {
    await using container = await makeNamespace('ctr');
    const answer = call('ADD', { containerId: 'c1', netns: container.path, conf: { ...conf, cniVersion: '1.1.0' } });
    expect(answer.status).toBe(1);
    expect(answer.json()).toMatchObject({ code: 1, msg: 'incompatible CNI versions' });
  });
});

describe('what goes to a delegate', () => {
  const at = { containerId: 'c1', netns: '/run/netns/none', env: { CNI_ARGS: 'IgnoreUnknown=1' } };

  test.each([
    { command: 'ADD', cniVersion: '0.2.0', more: {}, sent: {} },
    { command: 'CHECK', cniVersion: '0.4.0', more: { prevResult: { ips: [] } }, sent: { prevResult: { ips: [] } } },
    { command: 'DEL', cniVersion: '0.3.1', more: {}, sent: {} },
    { command: 'STATUS', cniVersion: '1.1.0', more: {}, sent: {} },
    {
      command: 'GC',
      cniVersion: '1.1.0',
      more: { 'cni.dev/valid-attachments': [] },
      sent: { 'cni.dev/valid-attachments': [] },
    },
  ])('$command of $cniVersion', ({ command, cniVersion, more, sent }) => {
    script('made-up', `echo '{"answer": 1}'`);
    const delegate = { type: 'made-up' };
    const answer = call(command, { ...at, conf: { ...conf, cniVersion, delegate, ...more } });
    expect(answer).toMatchObject({ status: 0, stdout: '{"answer": 1}\n', stderr: '' });
    expect(seen()).toEqual({
      line: `${command} c1 eth0 IgnoreUnknown=1`,
      conf: {
        cniVersion,
        name: 'weft-net',
        type: 'made-up',
        mtu: 1450,
        ipMasq: false,
        ipam: {
          type: 'host-local',
          dataDir: inFolder('ipam'),
          ranges: [[{ subnet: '10.5.17.0/24' }]],
          routes: [{ dst: '10.5.0.0/16' }],
        },
        ...sent,
      },
    });
  });

  test('a failed ADD leaves what its DEL needs; a failed DEL does too', () => {
    script('made-up', `echo '{"code": 107, "msg": "no"}'; exit 3`);
    conf['delegate'] = { type: 'made-up' };
    const no = { status: 3, stdout: '{"code": 107, "msg": "no"}\n' };
    expect(call('ADD', at)).toMatchObject(no);
    expect(call('DEL', at)).toMatchObject(no);
    expect(readdirSync(inFolder('data'))).toEqual(['c1']);
    script('made-up', '');
    expect(call('DEL', at)).toMatchObject({ status: 0, stdout: '' });
    expect(readdirSync(inFolder('data'))).toEqual([]);
  });

  test('GC removes what is stored of this network’s lost containers', () => {
    script('made-up', '');
    const one = { ...conf, cniVersion: '1.1.0', delegate: { type: 'made-up' } };
    for (const containerId of ['c1', 'c2', 'c3']) expect(call('ADD', { ...at, containerId, conf: one }).status).toBe(0);
    expect(call('ADD', { ...at, containerId: 'c4', conf: { ...one, name: 'other' } }).status).toBe(0);
    const valid = { 'cni.dev/valid-attachments': [{ containerID: 'c2', ifname: 'eth0' }] };
    expect(call('GC', { conf: { ...one, ...valid } }).status).toBe(0);
    expect(readdirSync(inFolder('data')).sort()).toEqual(['c2', 'c4']);
  });

  test('a delegate that is told to end does so', async () => {
    script(
      'made-up',
      `sleep 600 & trap 'touch ${inFolder('ended')}; kill $!; exit' TERM; touch ${inFolder('ready')}; wait`,
    );
    const child = spawn(join(plugins, 'flannel'), {
      env: cniEnvironment({ ...at, command: 'ADD', folders: [plugins] }),
    });
    child.stdin.end(JSON.stringify({ ...conf, delegate: { type: 'made-up' } }));
    await until(() => statSync(inFolder('ready')).isFile(), { what: 'the delegate runs' });
    child.kill('SIGTERM');
    await until(() => child.exitCode !== null, { what: 'the plugin ends' });
    expect(child.exitCode).toBe(1);
    await until(() => statSync(inFolder('ended')).isFile(), { what: 'the delegate ended' });
  });
});

describe('faults are CNI errors', () => {
  const at = { containerId: 'c1', netns: '/run/netns/none' };

  test.each([
    {
      name: 'STATUS without subnet.env',
      before: () => {
        unlinkSync(inFolder('subnet.env'));
      },
      command: 'STATUS',
      error: {
        cniVersion: '1.1.0',
        code: 50,
        msg: expect.stringMatching(/subnet\.env does not exist: is weft flanneld/) as string,
      },
    },
    {
      name: 'ADD without subnet.env',
      before: () => {
        unlinkSync(inFolder('subnet.env'));
      },
      command: 'ADD',
      error: {
        cniVersion: '1.1.0',
        code: 11,
        msg: expect.stringMatching(/subnet\.env does not exist: is weft flanneld/) as string,
      },
    },
    {
      name: 'a subnet.env that is a folder',
      before: () => {
        conf['subnetFile'] = folder;
      },
      command: 'ADD',
      error: { cniVersion: '1.1.0', code: 5, msg: expect.stringMatching(/^cannot read .*EISDIR/) as string },
    },
    {
      name: 'a plugin that is nowhere',
      before: () => {
        conf['delegate'] = { type: 'nowhere' };
      },
      command: 'ADD',
      error: {
        cniVersion: '1.1.0',
        code: 7,
        msg: expect.stringMatching(/^there is no plugin "nowhere" in \/.*:\/usr\/lib\/cni: install it/) as string,
      },
    },
    {
      name: 'a plugin that says nothing',
      before: () => {
        conf['delegate'] = { type: 'made-up' };
        script('made-up', 'exit 4');
      },
      command: 'ADD',
      error: {
        cniVersion: '1.1.0',
        code: 999,
        msg: expect.stringMatching(/made-up ended with exit code 4 and without a CNI error/) as string,
      },
    },
    {
      name: 'a plugin that does not read',
      before: () => {
        conf['delegate'] = { type: 'deaf', padding: 'x'.repeat(1_000_000) };
        writeFileSync(join(plugins, 'deaf'), `#!/bin/sh\necho '{"code": 1, "msg": "deaf"}'; exit 1`, { mode: 0o755 });
      },
      command: 'ADD',
      error: { code: 1, msg: 'deaf' },
    },
    {
      name: 'a plugin that is no program',
      before: () => {
        conf['delegate'] = { type: 'text' };
        writeFileSync(join(plugins, 'text'), 'text', { mode: 0o644 });
      },
      command: 'ADD',
      error: { cniVersion: '1.1.0', code: 5, msg: expect.stringMatching(/^cannot run .*text: /) as string },
    },
    {
      name: 'a data folder that cannot be made',
      before: () => {
        conf['dataDir'] = '/proc/nowhere/x';
      },
      command: 'ADD',
      error: {
        cniVersion: '1.1.0',
        code: 5,
        msg: expect.stringMatching(/^cannot make \/proc\/nowhere\/x: /) as string,
      },
    },
    {
      name: 'CHECK without a result',
      before: () => undefined,
      command: 'CHECK',
      error: { cniVersion: '1.1.0', code: 7, msg: 'prevResult: CHECK needs the result of ADD, and there is none' },
    },
    {
      name: 'GC without a list',
      before: () => undefined,
      command: 'GC',
      error: { cniVersion: '1.1.0', code: 7, msg: 'cni.dev/valid-attachments: GC needs the list, and there is none' },
    },
  ])('$name', ({ before, command, error }) => {
    conf.cniVersion = '1.1.0';
    before();
    const answer = call(command, at);
    expect(answer.status).toBe(1);
    expect(answer.json()).toEqual(error);
  });

  test.each([
    { name: 'no JSON', conf: '{', error: { code: 6 } },
    { name: 'a path for an id', conf: '{"name":"n"}', containerId: '../c1', error: { code: 4 } },
  ])('$name', ({ conf: text, containerId, error }) => {
    const answer = call('ADD', { ...at, containerId: containerId ?? 'c1', conf: text });
    expect(answer.status).toBe(1);
    expect(answer.json()).toMatchObject(error);
  });

  test('without a command it says what it is', () => {
    const answer = call('', {});
    expect(answer).toMatchObject({ status: 0, stdout: '' });
    expect(answer.stderr).toContain('CNI versions: 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0');
  });
});
