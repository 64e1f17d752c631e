import { describe, expect, test } from 'vitest';
import type { DevicesMessage } from '../../dashboard/wire.ts';
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
