/** The requests that ctop and Telegraf send, byte for byte, and whether their decoders and their arithmetic take the answers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { startDockerd, type ContainerEngine } from '../support/docker.ts';
import {
  eventLine,
  infoAnswer,
  inspectAnswer,
  listAnswer,
  looksLikePodman,
  statsAnswer,
  type StatsAnswer,
} from '../support/docker-clients.ts';
import { goJson } from '../support/go-json.ts';
import { makeNamespace } from '../support/netns.ts';
import { runcRoom, type RuncRoom } from '../support/runc.ts';
import { startStatsd } from '../support/statsd.ts';
import { until } from '../support/until.ts';

let stack: AsyncDisposableStack;
let engine: ContainerEngine;
let room: RuncRoom;
let path: string;

interface Exchange extends Disposable {
  readonly head: () => string;
  /** The body so far, without its chunks' sizes. */
  readonly body: () => string;
}

function bodyOf(answer: string): string {
  const at = answer.indexOf('\r\n\r\n');
  if (at < 0) return '';
  const body = answer.slice(at + 4);
  if (!/^transfer-encoding: chunked\r$/im.test(answer.slice(0, at + 2))) return body;
  let [rest, text] = [body, ''];
  for (;;) {
    const size = /^([0-9a-f]+)\r\n/i.exec(rest);
    const [line = '', digits = ''] = size ?? [];
    const length = Number.parseInt(digits, 16);
    if (size === null || length === 0) return text;
    text += rest.slice(line.length, line.length + length);
    rest = rest.slice(line.length + length + 2);
  }
}

/** Writes a request as the program does, on a connection of its own. */
function send(request: readonly string[]): Exchange {
  const socket: Socket = connect(path);
  let answer = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk));
  socket.on('error', () => socket.destroy());
  socket.write([...request, '', ''].join('\r\n'));
  return {
    head: () => answer.slice(0, answer.indexOf('\r\n\r\n')),
    body: () => bodyOf(answer),
    [Symbol.dispose]: () => socket.destroy(),
  };
}

async function ask<T>(request: readonly string[], schema: z.ZodType<T>): Promise<T> {
  using exchange = send(request);
  // A body is whole when it parses: these keep their connections open.
  await until(() => exchange.body().endsWith('\n') && goJson(exchange.body()) !== undefined, {
    what: request[0] ?? '',
  });
  expect(exchange.head()).toMatch(/^HTTP\/1\.1 200 /);
  return schema.parse(goJson(exchange.body()));
}

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  const folder = stack.adopt(mkdtempSync(join(tmpdir(), 'weft-test-clients-')), (made) => {
    rmSync(made, { recursive: true, force: true });
  });
  path = join(folder, 'docker.sock');
  const host = stack.use(await makeNamespace());
  engine = stack.use(await startDockerd(host.name, ['--bip=10.99.9.1/24', '--iptables=false', '--ip6tables=false']));
  room = stack.use(runcRoom('clients'));
  const busy = 'while :; do i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 0.2; done';
  const health = ['--health-cmd=true', '--health-interval=1s', '--publish=8124:80', '--memory=64m'];
  engine.start(['/bin/sh', '-c', busy], ['--name=web', '--label=team=shop', ...health]);
  room.run('r1', { annotations: { 'org.weft.container.name': 'job' } });
  stack.use(
    await startStatsd([
      ...['--include', `cgroup=${engine.cgroup}/*`, '--include', `cgroup=${room.cgroupRoot}/*`],
      ...['--cgroup-root', '/weft-test', '--runc-root', room.root, '--runtime-socket', 'off'],
      // Four letters and fewer are podman's to Telegraf.
      ...['--docker-root', join(engine.folder, 'data'), '--hostname', 'h1', '--docker-socket', path, '--label', '*'],
    ]),
  );
  const names = async (): Promise<string[]> =>
    (await ask(asked('/containers/json?all=1'), listAnswer)).flatMap((each) => each.Names);
  await until(async () => (await names()).toSorted().join() === '/job,/web', {
    what: 'both are listed by name',
    timeoutMs: 30_000,
  });
}, 90_000);

afterAll(async () => {
  await stack.disposeAsync();
}, 60_000);

/** go-dockerclient over a unix socket: it makes the host up. */
const asked = (target: string): string[] => [
  `GET ${target} HTTP/1.1`,
  'Host: unix.sock',
  'User-Agent: go-dockerclient',
  'Accept-Encoding: gzip',
];
/** Where it dials by itself, for streams, there is none at all. */
const dialled = (target: string, agent: string): string[] => [
  `GET ${target} HTTP/1.1`,
  'Host: ',
  `User-Agent: ${agent}`,
];

describe('ctop', () => {
  test('starts: info, list, and each container inspected', async () => {
    expect(await ask(asked('/info'), infoAnswer)).toMatchObject({ Name: 'h1', Containers: 2n });
    const list = await ask(asked('/containers/json?all=1'), listAnswer);
    expect(list.map(({ State }) => State)).toEqual(['running', 'running']);
    for (const { Id } of list) {
      const seen = await ask(asked(`/containers/${Id}/json?`), inspectAnswer);
      expect(seen.Id).toBe(Id);
      expect(seen.State.Status).toBe('running');
    }
    const web = list.find(({ Names }) => Names[0] === '/web');
    const shown = await ask(asked(`/containers/${web?.Id ?? ''}/json`), inspectAnswer);
    expect(shown.NetworkSettings.Ports).toEqual({ '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8124' }] });
    await until(
      async () =>
        (await ask(asked(`/containers/${web?.Id ?? ''}/json`), inspectAnswer)).State.Health?.Status === 'healthy',
      { what: 'its health', timeoutMs: 20_000 },
    );
  });

  test('streams: a busy container has CPU, memory without cache, and no row goes below nothing', async () => {
    const { Id } = (await ask(asked('/containers/json?all=1'), listAnswer)).find(({ Names }) => Names[0] === '/web')!;
    using stream = send(dialled(`/containers/${Id}/stats?stream=true`, 'go-dockerclient'));
    const frames = (): StatsAnswer[] =>
      stream
        .body()
        .split('\n')
        .slice(0, -1)
        .map((line) => statsAnswer.parse(goJson(line)));
    await until(() => frames().length >= 4, { what: 'four frames', timeoutMs: 15_000 });
    for (const [index, now] of frames().entries()) {
      expect(now.memory_stats.usage - (now.memory_stats.stats['cache'] ?? 0n)).toBeGreaterThanOrEqual(0n);
      expect(now.memory_stats.limit).toBe(64n << 20n);
      const before = frames()[index - 1];
      if (before === undefined) continue;
      const used = Number(now.cpu_stats.cpu_usage.total_usage - before.cpu_stats.cpu_usage.total_usage);
      const passed = Number(now.cpu_stats.system_cpu_usage - before.cpu_stats.system_cpu_usage);
      expect(used / passed).toBeGreaterThan(0);
      expect(used / passed).toBeLessThanOrEqual(1.05);
    }
  }, 30_000);

  test('follows: what is made, starts, ends and goes is told with ids that it can look up', async () => {
    using stream = send(dialled('/events', 'Go-http-client/1.1'));
    await until(() => stream.head() !== '', { what: 'the stream is open' });
    const told = (): z.infer<typeof eventLine>[] =>
      stream
        .body()
        .split('\n')
        .slice(0, -1)
        .map((line) => eventLine.parse(goJson(line)));
    const { id } = engine.start(['/bin/sleep', '3600'], ['--name=late', '--network=none']);
    const actions = (): string[] => told().flatMap((event) => (event.id === id ? [event.Action] : []));
    await until(() => actions().includes('start'), { what: 'its start' });
    expect((await ask(asked(`/containers/${id}/json?`), inspectAnswer)).State.Running).toBe(true);
    engine.remove(id);
    await until(() => actions().includes('die'), { what: 'its end' });
    expect(actions()).toEqual(['create', 'start', 'die']);
    expect(told().every(({ Type, time }) => Type === 'container' && time > 0n)).toBe(true);
  }, 30_000);
});

describe('Telegraf’s docker input', () => {
  const sent = (target: string, method = 'GET'): string[] => [
    `${method} ${target} HTTP/1.1`,
    'Host: api.moby.localhost',
    'User-Agent: engine-api-cli-1.0',
    ...(method === 'HEAD' ? [] : ['Accept-Encoding: gzip']),
  ];

  test('agrees on a version by the headers of a HEAD, and goes back to one of 1.24', async () => {
    using ping = send(sent('/_ping', 'HEAD'));
    await until(() => ping.head() !== '', { what: 'an answer' });
    expect(ping.head()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    const header = (name: string): string | undefined =>
      new RegExp(`^${name}: (.*)\\r?$`, 'im').exec(ping.head())?.[1]?.trim();
    expect(header('Api-Version')).toBe('1.51');
    expect(header('Ostype')).toBe('linux');
    // Its client finds the operating system in the brackets.
    expect(header('Server')).toMatch(/^Docker\/.+\s\(linux\)$/);
    expect(await ask(sent('/v1.24/info'), infoAnswer)).toMatchObject({ Name: 'h1' });
  });

  test('does not take the agent for podman, whatever the host is called', async () => {
    expect(looksLikePodman(await ask(sent('/v1.51/info'), infoAnswer))).toBe(false);
  });

  test.each([
    '/v1.51/containers/json',
    '/v1.24/containers/json?filters=%7B%22status%22%3A%7B%22running%22%3Atrue%7D%7D',
  ])('gathers by %s: each container’s stats and inspection give points', async (target) => {
    const api = target.slice(0, 6);
    const list = await ask(sent(target), listAnswer);
    expect(list.map(({ Names }) => Names[0]).toSorted()).toEqual(['/job', '/web']);
    for (const { Id, State } of list) {
      expect(State).toBe('running');
      const stats = await ask(sent(`${api}/containers/${Id}/stats?stream=0`), statsAnswer);
      const { percpu_usage: perCpu, total_usage: total } = stats.cpu_stats.cpu_usage;
      // It takes as many of the CPUs as are online, without looking whether there are as many.
      expect(perCpu.length === 0 || BigInt(perCpu.length) >= stats.cpu_stats.online_cpus).toBe(true);
      expect(total >= stats.precpu_stats.cpu_usage.total_usage).toBe(true);
      expect(stats.cpu_stats.system_cpu_usage > stats.precpu_stats.system_cpu_usage).toBe(true);
      expect(Date.parse(stats.read)).toBeGreaterThan(Date.now() - 10_000);
      const seen = await ask(sent(`${api}/containers/${Id}/json`), inspectAnswer);
      // Its uptime counts from here.
      expect(Date.parse(seen.State.StartedAt)).toBeGreaterThan(Date.now() - 600_000);
      expect(seen.State.FinishedAt).toBe('0001-01-01T00:00:00Z');
    }
    expect(list.find(({ Names }) => Names[0] === '/web')?.Labels).toEqual({ team: 'shop' });
  });
});
