import { test } from 'vitest';
import { until } from '../support/until.ts';
import { aContainer } from '../unit/dashboard/builders.ts';
import { dialAgent, logIn, openBrowser, startDashboard, type TestAgent } from './dashboard-fixture.ts';

function pacesOf({ socket }: TestAgent): number[] {
  const paces: number[] = [];
  socket.on('pace', ({ everyMs }: { everyMs: number }) => paces.push(everyMs));
  return paces;
}

test('agents are asked for less while nobody looks, and for everything as soon as somebody does', async () => {
  await using dashboard = await startDashboard();
  using agent = await dialAgent(dashboard);
  const paces = pacesOf(agent);
  agent.inventory([aContainer('web')]);
  await until(() => paces.at(-1) === 5000, { what: 'it is asked for a frame each five seconds', timeoutMs: 20_000 });
  using browser = await openBrowser(dashboard, { cookie: await logIn(dashboard), origin: dashboard.url });
  browser.socket.emit('subscribe', { view: 'hosts' });
  await until(() => paces.at(-1) === 0, { what: 'it is asked for every frame' });
  // A hidden page is nobody.
  browser.socket.emit('subscribe', { view: 'none' });
  await until(() => paces.at(-1) === 5000, { what: 'it is asked for less again', timeoutMs: 20_000 });
});
