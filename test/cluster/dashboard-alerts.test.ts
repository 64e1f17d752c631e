import { createHmac } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { aContainer } from '../unit/dashboard/builders.ts';
import {
  dialAgent,
  keepSending,
  metricsOf,
  startDashboard,
  startReceiver,
  untilAlert,
  type TestDashboard,
} from './dashboard-fixture.ts';

const RULES = `rules:
  - name: MemoryHigh
    metric: memoryOfLimitRatio
    op: ">"
    threshold: 80%
    for: 1s
    severity: critical
    labels: { team: shop }
    annotations: { summary: "{{ $labels.container }} uses {{ $value | humanizePercentage }}" }
`;

const SECRET = `whsec_${Buffer.alloc(24, 9).toString('base64')}`;

/** The only group was looked at once more, and the one after that is set. */
async function untilNextLook(dashboard: TestDashboard): Promise<void> {
  const next = async (): Promise<unknown> =>
    ((await dashboard.get('/groups')) as { groups: { nextFlushAt: string }[] }).groups[0]?.nextFlushAt;
  const first = await next();
  await until(async () => (await next()) !== first, { what: 'the next look at the group' });
  const second = await next();
  await until(async () => (await next()) !== second, { what: 'the look after it' });
}

const limited = (name: string) => aContainer(name, { memoryLimitBytes: 100 });
const used = (bytes: number) => [{ memoryWorkingSetBytes: bytes }];

test('a threshold that holds reaches the webhook once, and once more when it is over', async () => {
  await using receiver = await startReceiver();
  await using dashboard = await startDashboard({
    rules: RULES,
    flags: ['--webhook', receiver.url],
  });
  using agent = await dialAgent(dashboard);
  let bytes = 90;
  agent.inventory([limited('<img src=x onerror=alert(1)>')]);
  using _frames = keepSending(agent, () => used(bytes));
  await until(() => receiver.deliveries.length > 0, { what: 'the firing message' });
  const [firing] = receiver.deliveries;
  expect(firing?.body).toMatchObject({
    version: '4',
    status: 'firing',
    groupKey: '{}:{alertname="MemoryHigh", host="h1"}',
    notification_reason: 'first notification',
    alerts: [
      {
        status: 'firing',
        labels: {
          alertname: 'MemoryHigh',
          severity: 'critical',
          host: 'h1',
          container: '<img src=x onerror=alert(1)>',
          runtime: 'runc',
          team: 'shop',
        },
        annotations: { summary: '<img src=x onerror=alert(1)> uses 90%' },
        endsAt: '0001-01-01T00:00:00Z',
      },
    ],
  });
  const alert = await untilAlert(dashboard, '<img src=x onerror=alert(1)>', 'firing');
  expect(alert['delivery']).toMatch(/^sent to 127\.0\.0\.1:\d+ at \d\d:\d\d:\d\d UTC \(200\)$/);
  bytes = 10;
  await until(() => receiver.deliveries.length > 1, { what: 'the resolved message' });
  expect(receiver.deliveries[1]?.body).toMatchObject({ status: 'resolved', alerts: [{ status: 'resolved' }] });
  expect(receiver.deliveries).toHaveLength(2);
});

test('a signed message can be checked by its receiver', async () => {
  await using receiver = await startReceiver();
  await using signed = await startDashboard({
    rules: RULES.replace('1s', '0s'),
    flags: ['--webhook', receiver.url],
    env: { WEFT_DASHBOARD_WEBHOOK_SECRET: SECRET },
  });
  using agent = await dialAgent(signed);
  agent.inventory([limited('api')]);
  using _frames = keepSending(agent, () => used(90));
  await until(() => receiver.deliveries.length > 0, { what: 'the firing message' });
  const { headers, raw } = receiver.deliveries[0]!;
  const signedText = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${raw}`;
  const want = createHmac('sha256', Buffer.alloc(24, 9)).update(signedText).digest('base64');
  expect(headers['webhook-signature']).toBe(`v1,${want}`);
});

test('kill -9 while firing: no second first notification, nothing lost, and the end is told', async () => {
  await using receiver = await startReceiver();
  await using dashboard = await startDashboard({ rules: RULES, flags: ['--webhook', receiver.url] });
  let bytes = 90;
  {
    using agent = await dialAgent(dashboard);
    agent.inventory([limited('api')]);
    using _frames = keepSending(agent, () => used(bytes));
    await until(() => receiver.deliveries.length === 1, { what: 'the firing message' });
    await until(async () => String((await untilAlert(dashboard, 'api', 'firing'))['delivery']).startsWith('sent'), {
      what: 'it is recorded',
    });
    await dashboard.crash();
  }
  await dashboard.start();
  // Nobody has reported yet: the state is known from before.
  expect(await untilAlert(dashboard, 'api', 'firing')).toMatchObject({ noData: true });
  using agent = await dialAgent(dashboard);
  agent.inventory([limited('api')]);
  using _frames = keepSending(agent, () => used(bytes));
  await until(async () => (await untilAlert(dashboard, 'api', 'firing'))['noData'] === false, { what: 'data again' });
  expect(receiver.deliveries).toHaveLength(1);
  bytes = 10;
  await until(() => receiver.deliveries.length > 1, { what: 'the resolved message' });
  expect(receiver.deliveries.map(({ body }) => body.status)).toEqual(['firing', 'resolved']);
});

test('kill -9 while the receiver refuses: the firing message comes after the restart', async () => {
  await using receiver = await startReceiver();
  receiver.answer = 500;
  await using dashboard = await startDashboard({ rules: RULES, flags: ['--webhook', receiver.url] });
  {
    using agent = await dialAgent(dashboard);
    agent.inventory([limited('api')]);
    using _frames = keepSending(agent, () => used(90));
    await until(() => receiver.deliveries.length > 1, { what: 'a second attempt' });
    expect((await untilAlert(dashboard, 'api', 'firing'))['delivery']).toMatch(/answered 500; attempt \d+ at /);
    await dashboard.crash();
  }
  receiver.answer = 200;
  const tried = receiver.deliveries.length;
  await dashboard.start();
  await until(() => receiver.deliveries.length > tried, { what: 'the message after the restart' });
  // One content, one id, however often it was tried: a receiver can drop repeats.
  expect(new Set(receiver.deliveries.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
});

test('an alert that is over before a failing receiver took it is never told', async () => {
  await using receiver = await startReceiver();
  receiver.answer = 503;
  await using dashboard = await startDashboard({ rules: RULES, flags: ['--webhook', receiver.url] });
  using agent = await dialAgent(dashboard);
  let bytes = 90;
  agent.inventory([limited('api')]);
  using _frames = keepSending(agent, () => used(bytes));
  await until(() => receiver.deliveries.length > 0, { what: 'an attempt' });
  bytes = 10;
  const alert = await untilAlert(dashboard, 'api', 'resolved');
  expect(alert['severity']).toBe('critical');
  // Until then an attempt that began while it fired may be on its way: taken, its end would have to be told.
  await until(async () => (await metricsOf(dashboard)).includes('weft_dashboard_notifications_waiting 0'), {
    what: 'nothing waits any more',
  });
  receiver.answer = 200;
  await untilNextLook(dashboard);
  expect(receiver.deliveries.every(({ body }) => body.status === 'firing')).toBe(true);
});

test('what is over is not tried again, also when its group is not looked at for long', async () => {
  await using receiver = await startReceiver();
  receiver.answer = 503;
  await using dashboard = await startDashboard({
    rules: RULES,
    flags: ['--webhook', receiver.url, '--group-interval', '1h'],
  });
  using agent = await dialAgent(dashboard);
  let bytes = 90;
  agent.inventory([limited('api')]);
  using _frames = keepSending(agent, () => used(bytes));
  await until(() => receiver.deliveries.length > 0, { what: 'an attempt' });
  bytes = 10;
  await untilAlert(dashboard, 'api', 'resolved');
  await until(async () => (await metricsOf(dashboard)).includes('weft_dashboard_notifications_waiting 0'), {
    what: 'nothing waits any more',
  });
  expect(receiver.deliveries.every(({ body }) => body.status === 'firing')).toBe(true);
});

test('what was refused is sent again when somebody asks for it: once, under its id, and written down', async () => {
  await using receiver = await startReceiver();
  receiver.answer = 404;
  await using dashboard = await startDashboard({ rules: RULES, flags: ['--webhook', receiver.url] });
  using agent = await dialAgent(dashboard);
  agent.inventory([limited('api')]);
  using _frames = keepSending(agent, () => used(90));
  const attempts = async () =>
    ((await dashboard.get('/deliveries')) as { deliveries: Record<string, unknown>[] }).deliveries;
  const refused = await until(async () => (await attempts()).find(({ canResend }) => canResend === true), {
    what: 'a refusal in the log',
  });
  expect(refused).toMatchObject({ outcome: 'refused', status: '404' });
  const resend = async (): Promise<[number, unknown]> => {
    const headers = { authorization: `Bearer ${await dashboard.token('api-token')}` };
    const path = `/api/v1/deliveries/${String(refused['seq'])}/resend`;
    const answer = await fetch(`${dashboard.url}${path}`, { method: 'POST', headers });
    return [answer.status, await answer.json()];
  };
  receiver.answer = 200;
  expect(await resend()).toEqual([200, {}]);
  await until(async () => String((await untilAlert(dashboard, 'api', 'firing'))['delivery']).startsWith('sent'), {
    what: 'it is recorded',
  });
  expect(await resend()).toMatchObject([409, { detail: expect.stringContaining('it was taken') as string }]);
  await untilNextLook(dashboard);
  const ids = receiver.deliveries.map(({ headers }) => headers['webhook-id']);
  expect(ids).toEqual([ids[0], ids[0]]);
  expect((await attempts()).map(({ outcome, canResend }) => [outcome, canResend])).toEqual([
    ['sent', false],
    ['refused', false],
  ]);
  const { entries } = (await dashboard.get('/audit')) as { entries: { action: string; status: number }[] };
  expect(entries.map(({ action, status }) => [action, status])).toEqual([
    ['Send what was not taken once more, under its id', 409],
    ['Send what was not taken once more, under its id', 200],
  ]);
});

test.each([
  {
    name: 'a redirect is not followed',
    answer: 302,
    want: /answered 302, and redirects are not followed at .*; it is not sent again/,
  },
  { name: 'a refusal is final', answer: 404, want: /refused it with 404 at .*; it is not sent again/ },
] as const)('$name', async ({ answer, want }) => {
  await using receiver = await startReceiver();
  receiver.answer = answer;
  await using dashboard = await startDashboard({ rules: RULES, flags: ['--webhook', receiver.url] });
  using agent = await dialAgent(dashboard);
  agent.inventory([limited('api')]);
  using _frames = keepSending(agent, () => used(90));
  const alert = await until(
    async () => {
      const known = await untilAlert(dashboard, 'api', 'firing');
      return want.test(String(known['delivery'])) ? known : undefined;
    },
    { what: 'the refusal is shown' },
  );
  expect(alert['state']).toBe('firing');
  expect(receiver.deliveries).toHaveLength(1);
});

test('a receiver that hangs holds up nobody else', async () => {
  await using hanging = await startReceiver();
  hanging.answer = 'hang';
  await using receiver = await startReceiver();
  await using dashboard = await startDashboard({
    rules: RULES,
    flags: ['--webhook', hanging.url, '--webhook', receiver.url],
  });
  using agent = await dialAgent(dashboard);
  agent.inventory([limited('api')]);
  using _frames = keepSending(agent, () => used(90));
  await until(() => receiver.deliveries.length > 0 && hanging.deliveries.length > 0, { what: 'both were asked' });
  const alert = await untilAlert(dashboard, 'api', 'firing');
  expect(alert['delivery']).toMatch(/^being sent to 127\.0\.0\.1:\d+; sent to /);
  const { code } = await dashboard.process().stop();
  expect(code).toBe(0);
});

test('a lost key costs the secrets of channels and nothing else: they are asked for again', async () => {
  await using receiver = await startReceiver();
  await using dashboard = await startDashboard({ rules: RULES, flags: ['--allow-private-targets', '127.0.0.0/8'] });
  const call = async (method: string, path: string, body: object): Promise<Record<string, unknown>> => {
    const headers = {
      authorization: `Bearer ${await dashboard.token('api-token')}`,
      'content-type': 'application/json',
    };
    const init = { method, headers, body: JSON.stringify(body) };
    return (await (await fetch(`${dashboard.url}/api/v1${path}`, init)).json()) as Record<string, unknown>;
  };
  const made = await call('POST', '/channels', { type: 'webhook', name: 'ops', url: receiver.url, secret: SECRET });
  expect(made).toMatchObject({ secret: 'set', secretsLost: false, disabledBecause: null });
  await dashboard.crash();
  await rm(join(dashboard.stateDir, 'channel-key'));
  await dashboard.start();
  expect(dashboard.process().stderr()).toContain('channels have secrets that cannot be read');
  const known = ((await dashboard.get('/channels')) as { channels: Record<string, unknown>[] }).channels[0];
  expect(known).toMatchObject({ name: 'ops', type: 'webhook', secretsLost: true });
  expect(known?.['disabledBecause']).toMatch(/^its secrets cannot be read, .*: enter them again$/);
  expect(known).not.toHaveProperty('url');
  using agent = await dialAgent(dashboard);
  agent.inventory([limited('api')]);
  using _frames = keepSending(agent, () => used(90));
  await until(
    async () => String((await untilAlert(dashboard, 'api', 'firing'))['delivery']).includes('ops is switched off'),
    {
      what: 'the alert says why nobody hears of it',
    },
  );
  const path = `/channels/${String(made['id'])}`;
  expect(await call('PUT', path, { url: receiver.url, secret: SECRET })).toMatchObject({ secretsLost: false });
  await until(() => receiver.deliveries.length > 0, { what: 'the channel is told again' });
  expect(receiver.deliveries[0]?.headers['webhook-signature']).toBeDefined();
});
