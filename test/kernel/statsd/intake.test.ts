import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { statsTickSchema, type ContainerView } from '../../../statsd/status-wire.ts';
import { checkExposition } from '../../support/exposition.ts';
import { makeNamespace, run, type TestNamespace } from '../../support/netns.ts';
import { startWeft } from '../../support/processes.ts';
import { runcRoom, type RuncRoom } from '../../support/runc.ts';
import { getJson } from '../../support/unix-http.ts';
import { until } from '../../support/until.ts';

const PORT = 8125;
const LISTEN = '127.0.0.1:9101';

let stack: AsyncDisposableStack;
let host: TestNamespace;
let room: RuncRoom;
let socket: string;
/** The containers' sides of the host's bridge. */
const ADDRESSES: Readonly<Record<string, string>> = { web: '10.88.7.2', db: '10.88.7.3' };

const pidOf = (name: string): number => room.pids(name)[0]!;

/** What a shell in a container's network would do; `bash` sends a datagram for each write. */
const say = (name: string, text: string, to = '10.88.7.1'): void => {
  run('nsenter', '--net', '-t', String(pidOf(name)), 'bash', '-c', `printf %s '${text}' > /dev/udp/${to}/${PORT}`);
};

const view = async (name: string): Promise<ContainerView | undefined> =>
  statsTickSchema.parse(await getJson(socket, '/api/v1/containers')).containers.find((each) => each.name === name);

const metrics = (): string => host.run('curl', '--silent', `http://${LISTEN}/metrics`);

function connect(name: string): void {
  const pid = String(pidOf(name));
  const inside = (...argv: string[]): string => run('nsenter', '--net', '-t', pid, ...argv);
  host.ip(`link add v-${name} type veth peer name eth0 netns ${pid}`);
  host.ip(`link set v-${name} master br0 up`);
  inside('ip', 'addr', 'add', `${ADDRESSES[name]!}/24`, 'dev', 'eth0');
  inside('ip', 'addr', 'add', `fd88:7::${ADDRESSES[name]!.split('.').at(-1)!}/64`, 'dev', 'eth0', 'nodad');
  inside('ip', 'link', 'set', 'eth0', 'up');
}

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  const folder = stack.adopt(mkdtempSync(join(tmpdir(), 'weft-test-intake-')), (path) => {
    rmSync(path, { recursive: true, force: true });
  });
  host = stack.use(await makeNamespace('host'));
  host.ip('link add br0 type bridge');
  host.ip('addr add 10.88.7.1/24 dev br0');
  host.ip('addr add fd88:7::1/64 dev br0 nodad');
  host.ip('link set br0 up');
  room = stack.use(runcRoom('intake'));
  for (const name of Object.keys(ADDRESSES)) {
    room.run(name, { annotations: { 'org.weft.container.name': name } });
    connect(name);
  }
  socket = join(folder, 'docker.sock');
  stack.use(
    await startWeft(
      [
        ...['statsd', '--listen', LISTEN, '--docker-socket', socket, '--state-dir', folder, '--runtime-socket', 'off'],
        ...['--cgroup-root', room.cgroupRoot, '--runc-root', room.root],
        ...['--statsd-listen', `[::]:${PORT}`, '--statsd-max-series', '200'],
      ],
      { namespace: host.name },
    ),
  );
  await until(async () => (await view('db')) !== undefined, {
    what: 'the agent shows the containers',
    timeoutMs: 20_000,
  });
}, 60_000);

afterAll(async () => {
  await stack.disposeAsync();
}, 30_000);

test('what a container says is its own, on the API, in /metrics and in the stream', async () => {
  say('web', 'shop.orders:2|c|#lane:express\n_sc|disk|1|m:filling up\n_e{6,2}:deploy|v2|t:success');
  say('db', 'shop.orders:5|c');
  await until(async () => (await view('db'))?.statsd !== undefined && (await view('web'))?.statsd !== undefined, {
    what: 'both are heard',
  });
  expect((await view('web'))?.statsd).toEqual({
    metrics: [{ name: 'shop_orders', kind: 'counter', tags: { lane: 'express' }, value: 2 }],
    checks: [
      { name: 'disk', state: 'warning', message: 'filling up', tags: {}, atUnixMs: expect.any(Number) as number },
    ],
    events: [{ title: 'deploy', text: 'v2', alert: 'success', tags: {}, atUnixMs: expect.any(Number) as number }],
  });
  const text = metrics();
  expect(checkExposition(text.replace(/^(?:# \w+ )?node_.*\n/gm, ''))).toEqual([]);
  const own = (name: string): string => `id="${room.cgroupRoot}/${name}",name="${name}",image=""`;
  expect(text).toContain(`statsd_shop_orders_total{${own('web')},tag_lane="express"} 2\n`);
  expect(text).toContain(`statsd_shop_orders_total{${own('db')}} 5\n`);
  expect(text).toContain(`statsd_service_check_status{${own('web')},check="disk"} 1\n`);
  expect(text).toContain(`weft_statsd_intake_events_total{${own('web')},alert_type="success"} 1\n`);
  expect(text).toMatch(/^weft_statsd_intake_lines_total 4$/m);
});

test('no container can speak for another, and nobody on the host without a name counts', async () => {
  const { id } = (await view('db'))!;
  say('web', `forged:1|c|c:${id}`);
  host.run('bash', '-c', `printf 'nobody:1|c' > /dev/udp/127.0.0.1/${PORT}`);
  host.run('bash', '-c', `printf 'claimed:1|c|c:${id}' > /dev/udp/127.0.0.1/${PORT}`);
  await until(() => /^weft_statsd_intake_lines_dropped_total\{reason="no_container"\} 2$/m.test(metrics()), {
    what: 'both lines from the host are left out',
  });
  const text = metrics();
  expect(text).toMatch(/^statsd_forged_total\{id="[^"]*\/web"/m);
  expect(text).not.toMatch(/^statsd_(?:nobody|claimed)/m);
});

test('checks and events of the host are its own', async () => {
  host.run('bash', '-c', `printf '_sc|backup|2\\n_e{6,0}:reboot|' > /dev/udp/127.0.0.1/${PORT}`);
  const said = async () => statsTickSchema.parse(await getJson(socket, '/api/v1/containers')).host.statsd;
  await until(async () => (await said()) !== undefined, { what: 'it is heard' });
  expect(await said()).toMatchObject({
    metrics: [],
    checks: [{ name: 'backup', state: 'critical' }],
    events: [{ title: 'reboot', alert: 'info' }],
  });
  expect(metrics()).toContain('statsd_service_check_status{id="/",check="backup"} 2\n');
});

test('IPv6 is as good', async () => {
  await until(
    async () => {
      say('db', 'six:1|c', 'fd88:7::1');
      return (await view('db'))?.statsd?.metrics.some((metric) => metric.name === 'six') === true;
    },
    { what: 'it is heard' },
  );
  expect(metrics()).toMatch(/^statsd_six_total\{id="[^"]*\/db"/m);
});

test('a container on the host’s network is known by the field c:', async () => {
  room.run('edge', { annotations: { 'org.weft.container.name': 'edge' }, network: host.path });
  await until(async () => (await view('edge'))?.network === 'host', { what: 'its network is known' });
  const { id } = (await view('edge'))!;
  await until(
    async () => {
      host.run('bash', '-c', `printf 'edge_hits:1|c|c:ci-${id}' > /dev/udp/127.0.0.1/${PORT}`);
      return (await view('edge'))?.statsd?.metrics[0]?.name === 'edge_hits';
    },
    { what: 'it is heard' },
  );
});

/** Sends as fast as it can for three seconds, and says how much. */
const FLOOD = `
const { createSocket } = require('node:dgram');
const socket = createSocket('udp4');
const big = Buffer.from(Array.from({ length: 3000 }, (_, i) => 'endless' + i + ':1|c').join('\\n').slice(0, 60000));
const until = performance.now() + 3000;
let sent = 0;
const more = () => {
  for (let i = 0; i < 50; i += 1, sent += 1) socket.send(i % 10 === 0 ? big : 'endless' + Math.random() + ':1|c|#a:' + Math.random(), ${PORT}, '10.88.7.1');
  if (performance.now() < until) setImmediate(more); else socket.close(() => process.stdout.write(String(sent)));
};
more();`;

test('a flood of endless names and 60 kB datagrams costs a bounded part of the agent, and makes a bounded number of series', async () => {
  const own = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics())![1]);
  const before = own('process_cpu_seconds_total');
  const sent = Number(run('nsenter', '--net', '-t', String(pidOf('web')), process.execPath, '-e', FLOOD));
  const spent = own('process_cpu_seconds_total') - before;
  process.stdout.write(`${sent} datagrams within 3 s cost ${spent.toFixed(2)} s of CPU\n`);
  expect(own('weft_statsd_intake_datagrams_total')).toBeLessThan(sent / 2);
  const text = metrics();
  expect(text).toMatch(/^weft_statsd_intake_pauses_total [1-9]/m);
  expect(text.match(/^statsd_endless\S+\{id="[^"]*\/web"/gm)!.length).toBeLessThanOrEqual(100);
  expect(
    Number(/^weft_statsd_intake_lines_dropped_total\{reason="series_limit"\} (\d+)$/m.exec(text)![1]),
  ).toBeGreaterThan(1000);
  await until(
    () => {
      say('db', 'after:1|c');
      return metrics().includes('statsd_after_total{');
    },
    { what: 'others are heard again', everyMs: 300, timeoutMs: 15_000 },
  );
}, 60_000);

test('rubbish is counted, and a container that ended is silent at once', async () => {
  say('db', '\u0007 no metric');
  await until(() => /^weft_statsd_intake_lines_dropped_total\{reason="malformed"\} [1-9]/m.test(metrics()), {
    what: 'it is counted',
  });
  room.remove('db');
  await until(async () => (await view('db')) === undefined, { what: 'it is gone' });
  expect(metrics()).not.toMatch(/^statsd_\S+\{id="[^"]*\/db"/m);
});

test('a port in use is one sentence', async () => {
  const taken = createSocket('udp4');
  using _taken = { [Symbol.dispose]: () => taken.close() };
  const { promise, resolve } = Promise.withResolvers<undefined>();
  taken.bind(0, '127.0.0.1', () => {
    resolve(undefined);
  });
  await promise;
  await using late = await startWeft([
    ...['statsd', '--listen', 'off', '--state-dir', tmpdir(), '--cgroup-root', room.cgroupRoot],
    ...['--statsd-listen', `127.0.0.1:${taken.address().port}`],
  ]);
  expect((await late.exited).code).toBe(1);
  expect(late.stderr()).toMatch(
    /cannot listen on 127\.0\.0\.1:\d+ \(UDP\): .*EADDRINUSE.*; choose another with --statsd-listen/,
  );
});
