import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { aContainer } from '../unit/dashboard/builders.ts';
import { asRoot } from './access-fixture.ts';
import { dialAgent, keepSending, startDashboard, untilAlert, type TestDashboard } from './dashboard-fixture.ts';

interface TakenMail {
  readonly to: readonly string[];
  readonly messageId: string;
}

/** A mail server that puts an address off, as greylisting does, or refuses it. */
async function startMailServer(answerTo: (address: string) => number | undefined) {
  const mails: TakenMail[] = [];
  const asked: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: ({ address }, _session, callback) => {
      asked.push(address);
      const responseCode = answerTo(address);
      callback(responseCode === undefined ? null : Object.assign(new RangeError('greylisted'), { responseCode }));
    },
    onData: (stream, { envelope }, callback) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const messageId = /^Message-ID: (\S+)/im.exec(Buffer.concat(chunks).toString('utf8'))?.[1] ?? '';
        mails.push({ to: envelope.rcptTo.map(({ address }) => address), messageId });
        callback();
      });
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  return {
    mails,
    asked,
    port: (server.server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(resolve);
      }),
  };
}

const [ANN, BOB, EVE] = ['ann@example.org', 'bob@example.org', 'eve@example.org'];

const RULES = `rules:\n  - { name: Big, metric: memoryWorkingSetBytes, op: '>', threshold: 100, for: 0s }\n`;

async function deliveriesOf(dashboard: TestDashboard): Promise<{ outcome: string; why?: string; body: string }[]> {
  const { deliveries } = (await asRoot(dashboard, '/deliveries')).body;
  return (deliveries as { outcome: string; why?: string; body: string }[]).toReversed();
}

test('who is put off is tried again alone, over flushes and a crash, and the others get one mail', async () => {
  let isPutOff = true;
  await using smtp = await startMailServer((address) => {
    if (address === EVE) return 550;
    return address === BOB && isPutOff ? 450 : undefined;
  });
  await using dashboard = await startDashboard({ rules: RULES, flags: ['--allow-private-targets', '127.0.0.0/8'] });
  const channel = { type: 'email', name: 'mail', host: '127.0.0.1', port: smtp.port, tls: 'none', from: ANN };
  await asRoot(dashboard, '/channels', { body: { ...channel, to: [ANN, BOB, EVE] } });
  let bytes = 200;
  const fire = async (): Promise<AsyncDisposableStack> => {
    const resources = new AsyncDisposableStack();
    const agent = resources.use(await dialAgent(dashboard));
    agent.inventory([aContainer('api')]);
    resources.use(keepSending(agent, () => [{ memoryWorkingSetBytes: bytes }]));
    await untilAlert(dashboard, 'api', 'firing');
    return resources;
  };
  const triesOfBob = (): number => smtp.asked.filter((address) => address === BOB).length;
  {
    await using _agent = await fire();
    await until(() => triesOfBob() >= 3, { what: 'three tries', timeoutMs: 20_000 });
  }
  expect(smtp.mails.map(({ to }) => to)).toEqual([[ANN]]);
  expect(smtp.asked.filter((address) => address !== BOB)).toEqual([ANN, EVE]);
  const [first, second] = await deliveriesOf(dashboard);
  expect(first).toMatchObject({ outcome: 'retry', why: `did not take it for ${BOB} yet` });
  expect(first?.body).toContain(`not taken for ${EVE}: 550`);
  expect(second).toMatchObject({ outcome: 'retry', why: 'answered 450' });

  await dashboard.crash();
  await dashboard.start();
  await using _agent = await fire();
  const before = triesOfBob();
  await until(() => triesOfBob() > before, { what: 'it is tried after the crash too', timeoutMs: 20_000 });
  isPutOff = false;
  await until(() => smtp.mails.length === 2, { what: 'it is taken', timeoutMs: 20_000 });
  expect(smtp.mails.map(({ to }) => to)).toEqual([[ANN], [BOB]]);
  expect(smtp.mails[1]?.messageId).toBe(smtp.mails[0]?.messageId);

  bytes = 1;
  await until(() => smtp.mails.length > 2, { what: 'the end is told', timeoutMs: 20_000 });
  expect(smtp.mails.slice(2).map(({ to }) => to)).toEqual([[ANN, BOB]]);
});

test('who is refused for good after all is not tried again, and nobody hears of it twice', async () => {
  const codes = [450, 550];
  await using smtp = await startMailServer((address) => (address === BOB ? (codes.shift() ?? 550) : undefined));
  await using dashboard = await startDashboard({ rules: RULES, flags: ['--allow-private-targets', '127.0.0.0/8'] });
  const channel = { type: 'email', name: 'mail', host: '127.0.0.1', port: smtp.port, tls: 'none', from: ANN };
  await asRoot(dashboard, '/channels', { body: { ...channel, to: [ANN, BOB] } });
  await using resources = new AsyncDisposableStack();
  const agent = resources.use(await dialAgent(dashboard));
  agent.inventory([aContainer('api')]);
  resources.use(keepSending(agent, () => [{ memoryWorkingSetBytes: 200 }]));
  await until(async () => (await deliveriesOf(dashboard)).length === 2, { what: 'two tries', timeoutMs: 20_000 });
  expect((await deliveriesOf(dashboard)).map(({ outcome }) => outcome)).toEqual(['retry', 'refused']);
  const looks = new Set<string>();
  await until(
    async () => {
      const { groups } = (await asRoot(dashboard, '/groups')).body as { groups: { nextFlushAt: string }[] };
      for (const { nextFlushAt } of groups) looks.add(nextFlushAt);
      return looks.size > 3;
    },
    { what: 'three more looks at the group' },
  );
  expect(smtp.mails.map(({ to }) => to)).toEqual([[ANN]]);
  expect(smtp.asked).toEqual([ANN, BOB, BOB]);
});
