import { describe, expect, test } from 'vitest';
import { VIEW_COLUMNS } from '../../dashboard/view-wire.ts';
import { flannelPresenceKey, type FlannelPresence } from '../../flannel/presence-wire.ts';
import { EtcdClient } from '../../native/etcd/client.ts';
import { parseEndpoint } from '../../native/etcd/endpoint.ts';
import { systemClock } from '../../native/host/clock.ts';
import { startEtcd } from '../support/etcd.ts';
import { until } from '../support/until.ts';
import { aContainer } from '../unit/dashboard/builders.ts';
import {
  containersOf,
  dialAgent,
  keepSending,
  logIn,
  openBrowser,
  startDashboard,
  type TestDashboard,
} from './dashboard-fixture.ts';

async function hostsOf(dashboard: TestDashboard): Promise<{ readonly state: string }[]> {
  return ((await dashboard.get('/hosts')) as { hosts: { state: string }[] }).hosts;
}

describe('agents', () => {
  test('what they report is what the API says', async () => {
    await using dashboard = await startDashboard();
    using agent = await dialAgent(dashboard);
    agent.inventory([aContainer('api', { cpuLimitCores: 0.5 }), aContainer('db')]);
    let cpuUsageSeconds = 0;
    using _frames = keepSending(agent, () => {
      cpuUsageSeconds += 0.025;
      return [{ cpuUsageSeconds, memoryWorkingSetBytes: 5 }, { memoryWorkingSetBytes: 7 }];
    });
    const containers = await until(
      async () => {
        const rows = await containersOf(dashboard);
        return typeof rows[0]?.cpuCores === 'number' ? rows : undefined;
      },
      { what: 'a rate' },
    );
    expect(containers.map(({ name, state }) => [name, state])).toEqual([
      ['api', 'running'],
      ['db', 'running'],
    ]);
    expect(containers[0]?.cpuOfLimitRatio).toBeCloseTo((containers[0]?.cpuCores ?? 0) / 0.5);
    expect(containers[1]).toMatchObject({ cpuCores: null, memoryOfLimitRatio: null, memoryWorkingSetBytes: 7 });
    expect(await dashboard.get('/hosts')).toMatchObject({
      hosts: [{ name: 'h1', state: 'live', subnet: null, containers: 2 }],
    });
    agent.socket.emit('exit', { v: 1, key: 'runc:db', atUnixMs: Date.now() });
    await until(async () => (await containersOf(dashboard)).length === 1, { what: 'db is gone' });
  });

  test('a host whose agent is gone is late, then stale with its containers', async () => {
    await using dashboard = await startDashboard();
    {
      using agent = await dialAgent(dashboard);
      agent.inventory([aContainer('api')]);
      agent.frame([{ pidsCurrent: 3 }]);
      await until(async () => (await hostsOf(dashboard))[0]?.state === 'live', { what: 'live' });
    }
    for (const state of ['late', 'stale'])
      await until(async () => (await hostsOf(dashboard))[0]?.state === state, { what: state, timeoutMs: 25_000 });
    expect(await dashboard.get('/containers')).toMatchObject({
      containers: [{ name: 'api', state: 'stale', pidsCurrent: 3 }],
    });
  });

  test.each([
    { name: 'a wrong token', over: { token: 'wrong-token-wrong-token' }, want: 'the agent token is wrong' },
    { name: 'an empty token', over: { token: '' }, want: 'the agent token is wrong' },
    { name: 'another version', over: { v: 2 }, want: "speaks version 1 of the agents' protocol, not 2" },
    { name: 'no node id', over: { nodeId: '' }, want: 'the handshake is incomplete' },
  ])('$name is refused with a sentence', async ({ over, want }) => {
    await using dashboard = await startDashboard();
    await expect(dialAgent(dashboard, over)).rejects.toThrow(want);
  });

  test.each([
    { name: 'an inventory of nothing', event: 'inventory', message: undefined },
    {
      name: 'an inventory for another node',
      event: 'inventory',
      message: { v: 1, tableVersion: 1, host: { nodeId: 'n2' } },
    },
    { name: 'a frame that is text', event: 'frame', message: 'frame' },
    {
      name: 'a frame with text for a block',
      event: 'frame',
      message: { v: 1, seq: 1, timeUnixMs: 1, monotonicMs: 1, tableVersion: 1, containers: 'x', host: 'y' },
    },
    {
      name: 'a frame whose block does not fit',
      event: 'frame',
      message: {
        v: 1,
        seq: 1,
        timeUnixMs: 1,
        monotonicMs: 1,
        tableVersion: 1,
        containers: Buffer.alloc(3),
        host: Buffer.alloc(32),
      },
    },
    { name: 'a back-fill of too much', event: 'backfill', message: Array.from({ length: 6 }, () => ({})) },
    { name: 'an exit with a prototype', event: 'exit', message: { __proto__: { v: 1 }, key: ['x'] } },
  ])('$name, again and again, ends that connection and no other', async ({ event, message }) => {
    await using dashboard = await startDashboard();
    using good = await dialAgent(dashboard, { nodeId: 'good', hostname: 'good' });
    using bad = await dialAgent(dashboard);
    bad.inventory([aContainer('api')]);
    for (let count = 0; count < 10; count += 1) bad.socket.emit(event, message);
    await until(() => !bad.socket.connected, { what: 'it is disconnected' });
    expect(good.socket.connected).toBe(true);
    expect((await fetch(`${dashboard.url}/healthz`)).status).toBe(200);
    expect(
      dashboard
        .process()
        .logs()
        .filter(({ level }) => level === 'error' || level === 'fatal'),
    ).toEqual([]);
  });

  test('a frame of an unknown table is answered by asking for the inventory, not more than once in two seconds', async () => {
    await using dashboard = await startDashboard();
    using agent = await dialAgent(dashboard);
    let asked = 0;
    agent.socket.on('resync', () => (asked += 1));
    for (let count = 0; count < 5; count += 1) agent.frame([]);
    await until(() => asked > 0, { what: 'resync' });
    agent.inventory([aContainer('api')]);
    agent.frame([{ pidsCurrent: 1 }]);
    await until(async () => (await containersOf(dashboard)).length === 1, { what: 'the inventory' });
    expect(asked).toBe(1);
  });

  test('twenty thousand containers are taken and shown', async () => {
    await using dashboard = await startDashboard();
    using agent = await dialAgent(dashboard);
    agent.inventory(Array.from({ length: 20_000 }, (_, index) => aContainer(`c${index}`)));
    agent.frame(Array.from({ length: 20_000 }, (_, index) => ({ pidsCurrent: index })));
    using browser = await openBrowser(dashboard, { cookie: await logIn(dashboard), origin: dashboard.url });
    browser.socket.emit('subscribe', { view: 'containers' });
    const frame = await until(
      () => browser.frames.find(({ containers }) => containers.byteLength === 20_000 * VIEW_COLUMNS.length * 4),
      { what: 'a frame of them all', timeoutMs: 20_000 },
    );
    expect(frame.inventoryVersion).toBe(browser.inventories.at(-1)?.inventoryVersion);
  });
});

describe('etcd', () => {
  test('overlay facts come and go with it, and an outage only says that it cannot be asked', async () => {
    await using etcd = await startEtcd();
    await using dashboard = await startDashboard({ flags: ['--etcd-endpoints', etcd.endpoint] });
    using client = new EtcdClient({ endpoints: [parseEndpoint(etcd.endpoint)], clock: systemClock });
    const presence: FlannelPresence = {
      v: 1,
      nodeId: 'n1',
      hostname: 'h1',
      version: '0.1.0',
      pid: 1,
      startedAtUnixMs: 1,
      publicIp: '192.168.77.11',
      subnet: '10.5.1.0/24',
      backendType: 'vxlan',
      vni: 1,
      vtepMac: '02:00:00:00:00:01',
      mtu: 1450,
    };
    await client.put({ key: flannelPresenceKey('n1'), value: JSON.stringify(presence) });
    await client.put({ key: flannelPresenceKey('junk'), value: '{"v":1' });
    const overlay = async () =>
      ((await dashboard.get('/hosts')) as { hosts?: { subnet: string; overlay: { present: boolean | null } }[] }).hosts;
    await until(async () => (await overlay())?.[0]?.subnet === '10.5.1.0/24', { what: 'the subnet' });
    expect(await overlay()).toMatchObject([
      { name: 'h1', state: 'stale', overlay: { present: true, vtepMac: '02:00:00:00:00:01' } },
    ]);
    await client.delete(flannelPresenceKey('n1'));
    await until(async () => (await overlay())?.[0]?.overlay.present === false, { what: 'absence' });
    await etcd.kill();
    await until(async () => ((await dashboard.get('/status')) as { etcd?: string }).etcd === 'unavailable', {
      what: 'unavailable',
    });
    expect(await overlay()).toMatchObject([{ subnet: '10.5.1.0/24', overlay: { present: null } }]);
    await etcd.start();
    await until(async () => ((await dashboard.get('/status')) as { etcd?: string }).etcd === 'connected', {
      what: 'connected again',
    });
  });
});
