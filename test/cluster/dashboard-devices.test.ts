import { describe, expect, test } from 'vitest';
import type { DevicesMessage } from '../../dashboard/wire.ts';
import { makeNamespace } from '../support/netns.ts';
import { runcRoom } from '../support/runc.ts';
import { startStatsd } from '../support/statsd.ts';
import { until } from '../support/until.ts';
import { aContainer, anInventory } from '../unit/dashboard/builders.ts';
import {
  dialAgent,
  keepSending,
  logIn,
  metricsOf,
  openBrowser,
  startDashboard,
  type TestAgent,
} from './dashboard-fixture.ts';

const WEB = { view: 'container', series: ['n1/runc/web'] };

/** An agent that knows the question, with what it was asked. */
function answering(agent: TestAgent, answer: (asked: number) => unknown): string[][] {
  const asked: string[][] = [];
  agent.socket.on('devices', ({ keys }: { keys: string[] }, reply: (answer: unknown) => void) => {
    asked.push(keys);
    reply(answer(asked.length));
  });
  agent.socket.emit('inventory', anInventory([aContainer('web')], { answers: ['devices'] }));
  return asked;
}

const counts = (asked: number): unknown => ({
  monotonicMs: 1000 * asked,
  timeUnixMs: 1_795_000_000_000 + 1000 * asked,
  containers: [{ key: 'runc:web', interfaces: [{ name: 'eth0', ifindex: 2, receiveBytes: 500 * asked }] }],
});

describe('the devices of a container', () => {
  test('are asked of its agent and told while its page is open, and no longer', async () => {
    await using dashboard = await startDashboard();
    using agent = await dialAgent(dashboard);
    const asked = answering(agent, counts);
    using browser = await openBrowser(dashboard, { cookie: await logIn(dashboard), origin: dashboard.url });
    const messages: DevicesMessage[] = [];
    browser.socket.on('devices', (message: DevicesMessage) => messages.push(message));
    browser.socket.emit('subscribe', { view: 'containers' });
    await until(() => browser.inventories.at(-1)?.containers.length === 1, { what: 'the container' });
    expect([asked, messages]).toEqual([[], []]);
    browser.socket.emit('subscribe', WEB);
    await until(() => messages.at(-1)?.containers[0]?.interfaces?.[0]?.receiveBytesPerSecond === 500, {
      what: 'a rate',
    });
    expect(messages[0]!.containers).toMatchObject([{ key: 'n1/runc:web', state: 'waiting' }]);
    expect(asked.every((keys) => keys.length === 1 && keys[0] === 'runc:web')).toBe(true);
    browser.socket.emit('subscribe', { view: 'containers' });
    const before = browser.frames.length;
    await until(() => browser.frames.length > before, { what: 'the other view' });
    const then = asked.length;
    await until(() => browser.frames.length > before + 2, { what: 'some seconds of it' });
    expect(asked.length).toBe(then);
  });

  test('are not asked of an agent of before, which the page is told', async () => {
    await using dashboard = await startDashboard();
    using agent = await dialAgent(dashboard);
    let asked = 0;
    agent.socket.on('devices', () => (asked += 1));
    agent.inventory([aContainer('web')]);
    using _frames = keepSending(agent, () => [{}]);
    using browser = await openBrowser(dashboard, { cookie: await logIn(dashboard), origin: dashboard.url });
    const messages: DevicesMessage[] = [];
    browser.socket.on('devices', (message: DevicesMessage) => messages.push(message));
    browser.socket.emit('subscribe', WEB);
    await until(() => messages.at(-1)?.containers[0]?.state === 'untold', { what: 'the page is told' });
    await until(() => browser.frames.length > 2, { what: 'some frames' });
    expect(asked).toBe(0);
  });

  test('that are nonsense are counted and dropped, and the next answer is taken', async () => {
    await using dashboard = await startDashboard();
    using agent = await dialAgent(dashboard);
    answering(agent, (asked) => (asked === 1 ? { containers: 'many' } : counts(asked)));
    using browser = await openBrowser(dashboard, { cookie: await logIn(dashboard), origin: dashboard.url });
    const messages: DevicesMessage[] = [];
    browser.socket.on('devices', (message: DevicesMessage) => messages.push(message));
    browser.socket.emit('subscribe', WEB);
    await until(() => messages.at(-1)?.containers[0]?.state === 'told', { what: 'the second answer' });
    expect(await metricsOf(dashboard)).toMatch(/refused_total\{namespace="agent",reason="malformed"\} 1/);
  });
});

describe('GET /devices', () => {
  test('tells what an agent counted, of containers by key or series', async () => {
    await using dashboard = await startDashboard();
    using agent = await dialAgent(dashboard);
    answering(agent, counts);
    await until(
      async () => ((await dashboard.get('/containers')) as { containers: unknown[] }).containers.length === 1,
      {
        what: 'the container',
      },
    );
    for (const name of ['n1/runc/web', 'n1/runc:web'])
      expect(await dashboard.get(`/devices?container=${encodeURIComponent(name)}`)).toMatchObject({
        containers: [
          {
            key: 'n1/runc:web',
            series: 'n1/runc/web',
            state: 'told',
            interfaces: [{ name: 'eth0', transmitBytes: null }],
            blockDevices: null,
            sharedWith: [],
            sharedCount: 0,
          },
        ],
      });
  });

  test('says whose agent is of before, who did not answer, and what was asked wrongly', async () => {
    await using dashboard = await startDashboard();
    using agent = await dialAgent(dashboard);
    agent.inventory([aContainer('web')]);
    await until(
      async () => ((await dashboard.get('/containers')) as { containers: unknown[] }).containers.length === 1,
      {
        what: 'the container',
      },
    );
    const state = async (): Promise<unknown> =>
      ((await dashboard.get('/devices?container=n1/runc/web')) as { containers: { state: string }[] }).containers[0]!
        .state;
    expect(await state()).toBe('untold');
    answering(agent, () => ({ containers: 'many' }));
    await until(async () => (await state()) === 'unanswered', { what: 'an agent that answers nonsense' });
    expect(await dashboard.get('/devices')).toMatchObject({
      status: 400,
      detail: 'container: 0 of them: expected 1 to 8, by key or series',
    });
    expect(await dashboard.get('/devices?container=a&container=a&container=b')).toMatchObject({
      status: 404,
      detail: 'container: a: there is none now; /api/v1/containers names them',
    });
  });

  test('a real agent tells of a real container', async () => {
    await using dashboard = await startDashboard();
    await using room = runcRoom('devices-api');
    await using network = await makeNamespace();
    network.ip('link add eth0 type veth peer name side');
    network.ip('addr add 10.88.9.1/24 dev eth0');
    for (const name of ['eth0', 'side']) network.ip(`link set ${name} up`);
    await using _statsd = await startStatsd([
      ...['--cgroup-root', room.cgroupRoot, '--runc-root', room.root, '--interval', '200ms'],
      ...['--dashboard', dashboard.url, '--agent-token', await dashboard.token('agent-token')],
    ]);
    for (const id of ['web', 'beside']) room.run(id, { network: network.path });
    interface Told {
      readonly key: string;
      readonly monotonicMs: number;
      readonly interfaces: { readonly name: string; readonly transmitBytes: number }[] | null;
      readonly sharedWith: { readonly name: string }[];
    }
    const key = await until(
      async () =>
        ((await dashboard.get('/containers')) as { containers: { key: string; name: string }[] }).containers.find(
          ({ name }) => name === 'web',
        )?.key,
      { what: 'the container' },
    );
    const told = async (): Promise<Told> =>
      ((await dashboard.get(`/devices?container=${encodeURIComponent(key)}`)) as { containers: Told[] }).containers[0]!;
    const first = await until(
      async () => {
        const answer = await told();
        return answer.interfaces === null || answer.sharedWith.length === 0 ? undefined : answer;
      },
      { what: 'its network, and who shares it' },
    );
    expect(first.sharedWith.map(({ name }) => name)).toEqual(['beside']);
    const bytes = ({ interfaces }: Told): number => interfaces!.find(({ name }) => name === 'eth0')!.transmitBytes;
    // To a neighbour that is nobody: what asks for it is bytes enough.
    network.run('bash', '-c', 'echo > /dev/udp/10.88.9.2/9');
    await until(async () => bytes(await told()) > bytes(first), { what: 'bytes that left' });
    expect((await told()).monotonicMs).toBeGreaterThan(first.monotonicMs);
  });
});
