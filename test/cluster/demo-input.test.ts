import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findProgram } from '../../cli/demo/runtime.ts';
import { startProcess, startWeft, WEFT } from '../support/processes.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-test-input-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function outcome(argv: readonly string[], env: Record<string, string> = {}): Promise<object> {
  await using child = await startProcess(argv, { env });
  const { code } = await child.exited;
  return { code, stderr: child.stderr() };
}

test.each([
  {
    name: 'no host',
    args: ['--hosts', '0'],
    says: 'weft demo: hosts: expected a whole number from 1 to 16, got "0"\n',
  },
  {
    name: 'too many',
    args: ['--hosts=17'],
    says: 'weft demo: hosts: expected a whole number from 1 to 16, got "17"\n',
  },
  {
    name: 'hosts in words',
    args: ['--hosts', 'x'],
    says: 'weft demo: hosts: expected a whole number from 1 to 16, got "x"\n',
  },
  {
    name: 'a bad port',
    args: ['--port', 'http'],
    says: 'weft demo: port: expected a whole number from 1 to 65535, got "http"\n',
  },
  {
    name: 'two faults',
    args: ['--hosts', '0', '--port', '0'],
    says: 'weft demo: hosts: expected a whole number from 1 to 16, got "0"\nweft demo: port: expected a whole number from 1 to 65535, got "0"\n',
  },
  { name: 'an unknown option', args: ['--colour'], says: "error: unknown option '--colour'\n" },
  {
    name: 'an argument',
    args: ['up'],
    says: "error: too many arguments for 'demo'. Expected 0 arguments but got 1: up.\n",
  },
  {
    name: 'a state file in a folder that is not there',
    args: ['--state', '/nowhere/at/all.json'],
    says: /^weft demo: cannot write the state file \/nowhere\/at\/all\.json: ENOENT.*; choose another with --state\n$/,
  },
  {
    name: 'a state file where nothing can be written',
    args: ['--state', '/proc/self/state.json'],
    says: /^weft demo: cannot write the state file \/proc\/\d+\/state\.json: .*; choose another with --state\n$|^weft demo: cannot write the state file \/proc\/self\/state\.json: /,
  },
])('wrong usage, exit code 2: $name', async ({ args, says }) => {
  const matcher: unknown = typeof says === 'string' ? says : expect.stringMatching(says);
  expect(await outcome([WEFT, 'demo', ...args])).toEqual({ code: 2, stderr: matcher });
});

test('a port that is taken: exit code 1 and a sentence', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  expect(await outcome([WEFT, 'demo', '--port', String(port)])).toEqual({
    code: 1,
    stderr: `weft demo: cannot listen on 127.0.0.1:${port}: another process listens there; choose another with --port\n`,
  });
  await new Promise((resolve) => server.close(resolve));
});

test('without root: what is missing, and what to run instead', async () => {
  expect(await outcome(['unshare', '--user', WEFT, 'demo'])).toEqual({
    code: 1,
    stderr:
      'weft demo: needs root to make network namespaces: run it with sudo (`sudo npm start`); `npm run check` needs no root and no special kernel\n',
  });
});

/** A PATH with only some programs in it. */
async function pathWith(label: string, programs: readonly string[]): Promise<string> {
  const place = mkdtempSync(join(folder, label));
  for (const program of programs) {
    symlinkSync((await findProgram(program, process.env['PATH'] ?? ''))!, join(place, program));
  }
  return place;
}

const SHELL = ['sh', 'dirname', 'readlink'];

test('without etcd and a container runtime: the packages to install', async () => {
  const PATH = await pathWith('bare', [...SHELL, 'ip', 'nsenter', 'setpriv', 'unshare', 'busybox']);
  expect(await outcome([WEFT, 'demo'], { PATH })).toEqual({
    code: 1,
    stderr: 'weft demo: programs are missing on this machine: apt-get install etcd-server runc\n',
  });
});

test('on a kernel without VXLAN: one sentence', async () => {
  const PATH = await pathWith('novxlan', [...SHELL, 'nsenter', 'setpriv', 'unshare', 'busybox', 'etcd', 'runc']);
  writeFileSync(join(PATH, 'ip'), '#!/bin/sh\necho "Error: Unknown device type." >&2\nexit 2\n', { mode: 0o755 });
  expect(await outcome([WEFT, 'demo'], { PATH })).toEqual({
    code: 1,
    stderr:
      'weft demo: this machine cannot make VXLAN links in a network namespace (Error: Unknown device type.): run the demo on a kernel with veth, bridge and vxlan, or with more rights; `npm run check` needs no root and no special kernel\n',
  });
});

test.each([
  { args: ['weave'], says: "error: unknown command 'weave'\n" },
  { args: ['--fast'], says: "error: unknown option '--fast'\n" },
])('weft $args is no command', async ({ args, says }) => {
  expect(await outcome([WEFT, ...args])).toEqual({ code: 2, stderr: expect.stringContaining(says) as string });
});

test('help names every subcommand; a subcommand explains itself', async () => {
  await using child = await startWeft(['--help']);
  expect((await child.exited).code).toBe(0);
  for (const name of ['flanneld', 'statsd', 'dashboard', 'demo', 'version']) {
    expect(child.stdout()).toContain(`  ${name} `);
    await using one = await startWeft([name, '--help']);
    expect((await one.exited).code, name).toBe(0);
    expect(one.stdout()).toContain(`Usage: weft ${name}`);
  }
});
