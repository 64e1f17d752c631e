import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inNamespace } from '../../../cli/demo/namespaces.ts';
import { packageRoot } from '../../../native/host/package-root.ts';
import { makeNamespace } from '../../support/netns.ts';
import { WEFT } from '../../support/processes.ts';

const FIXTURES = join(packageRoot(), 'test/fixtures/flannel/mk-docker-opts');
const recorded = (name: string): string => readFileSync(join(FIXTURES, name), 'utf8');

let folder: string;
let output: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-test-docker-opts-'));
  output = join(folder, 'docker.env');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function dockerOpts(args: readonly string[], options: { env?: Record<string, string>; namespace?: string } = {}): Ran {
  const [file = '', ...rest] = inNamespace(options.namespace, [WEFT, 'docker-opts', ...args]);
  const { status, stdout, stderr } = spawnSync(file, rest, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...options.env },
  });
  return { status, stdout, stderr };
}

const DONE = { status: 0, stdout: '', stderr: '' };

test('the environment’s value of the combined variable is kept in front', () => {
  const args = ['-f', join(FIXTURES, 'in-subnet.env'), '-d', output, '-c'];
  expect(dockerOpts(args, { env: { DOCKER_OPTS: '--icc=false' } })).toEqual(DONE);
  expect(readFileSync(output, 'utf8')).toBe(recorded('out-existing-value.txt'));
  expect(statSync(output).mode & 0o777).toBe(0o644);
  expect(readdirSync(folder)).toEqual(['docker.env']);
});

test('a file behind a link is replaced and keeps its mode', () => {
  const real = join(folder, 'real');
  writeFileSync(real, 'old', { mode: 0o600 });
  symlinkSync(real, output);
  expect(dockerOpts(['-f', join(FIXTURES, 'in-dualstack.env'), '-d', output])).toEqual(DONE);
  expect(readFileSync(real, 'utf8')).toBe(recorded('out-dualstack.txt'));
  expect(statSync(real).mode & 0o777).toBe(0o600);
});

test('/dev/stdout stays what it is', () => {
  // A pipe of the shell: Node's own are sockets, which nobody can open by name.
  const command = '"$0" docker-opts -f "$1" -d /dev/stdout | cat';
  const { stdout } = spawnSync('sh', ['-c', command, WEFT, join(FIXTURES, 'in-dualstack.env')], { encoding: 'utf8' });
  expect(stdout).toBe(recorded('out-dualstack.txt'));
});

test.each([
  {
    name: 'an IPMASQ that is no boolean',
    args: ['-f', join(FIXTURES, 'in-bad-ipmasq.env')],
    says: /^Invalid value of FLANNEL_IPMASQ: maybe\n$/,
  },
  { name: 'an unknown option', args: ['-x'], says: /^weft docker-opts: -x is no option: .*\n\nUsage: / },
  { name: '-h', args: ['-h'], says: /^Usage: weft docker-opts / },
])('$name: 1, nothing written', ({ args, says }) => {
  const ran = dockerOpts([...args, '-d', output]);
  expect(ran.status).toBe(1);
  expect(ran.stderr).toMatch(says);
  expect(readdirSync(folder)).toEqual([]);
});

test('a folder that is no folder is named', () => {
  const ran = dockerOpts(['-f', '/nowhere', '-d', '/proc/nowhere/x']);
  expect(ran.status).toBe(1);
  expect(ran.stderr).toMatch(/^cannot write \/proc\/nowhere\/x: .*\n$/);
});

test('a gateway for docker’s own subnet is told, after the file is written', async () => {
  await using ns = await makeNamespace('opts');
  ns.ip('link add d0 type veth peer name d1');
  ns.ip('link set d0 up');
  ns.ip('link set d1 up');
  ns.ip('addr add 10.9.0.1/24 dev d0');
  ns.ip('route add 10.1.74.0/24 via 10.9.0.5');
  const ran = dockerOpts(['-f', join(FIXTURES, 'in-subnet.env'), '-d', output], { namespace: ns.name });
  expect(ran).toEqual({
    status: 1,
    stdout: '',
    stderr: 'Your routing table already contains the subnet: 10.1.74.0/24 via 10.9.0.5 dev d0 \n',
  });
  expect(readFileSync(output, 'utf8')).toContain('DOCKER_OPTS=" --bip=10.1.74.1/24 --ip-masq=true --mtu=1472"');
});
