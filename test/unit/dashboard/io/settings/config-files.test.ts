import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { channelSchema } from '../../../../../dashboard/io/notify/channel-schema.ts';
import { parseNotifyFile, timeIntervalSchema } from '../../../../../dashboard/io/notify/notify-file.ts';
import { parseRules } from '../../../../../dashboard/io/rule-file.ts';
import { ruleSchema } from '../../../../../dashboard/io/rule-schema.ts';
import { notifyFile, rulesFile } from '../../../../../dashboard/io/settings/config-files.ts';

const KEY = 'R'.repeat(32);
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const HOOK = 'https://hooks.example/very-hidden';

const known = (value: object, isLocked = false) => ({
  receiver: 'ops',
  spec: channelSchema.parse({ name: 'c', ...value }),
  isLocked,
});

const CHANNELS = [
  known({ type: 'webhook', url: HOOK, secret: SECRET }),
  known({ type: 'slack', url: HOOK }),
  known({
    type: 'email',
    host: 'mx.example',
    from: 'a@example.org',
    to: ['b@example.org'],
    username: 'u',
    password: 'pass-word',
  }),
  known({ type: 'pagerduty', routingKey: KEY }),
  known({ type: 'statsd', host: '10.0.0.5' }),
  known({ type: 'alertmanager', url: 'http://10.0.0.5:9093/' }),
];

const NIGHTS = timeIntervalSchema.parse({
  name: 'nights',
  timeIntervals: [
    { times: [{ start: '22:00', end: '24:00' }], weekdays: ['monday:friday'], location: 'Europe/Berlin' },
  ],
});

/** What an operator does: writes each secret in the place of its null. */
const withSecrets = (text: string): string =>
  text
    .replaceAll(/url: null.*9093.*/g, 'url: http://10.0.0.5:9093/')
    .replaceAll(/url: null.*/g, `url: ${HOOK}`)
    .replace(/secret: null.*/, `secret: ${SECRET}`)
    .replace(/password: null.*/, 'password: pass-word')
    .replace(/routingKey: null.*/, `routingKey: ${KEY}`);

describe('channels and mute windows', () => {
  const { text } = notifyFile(CHANNELS, [NIGHTS]);

  test('no secret is in the file', () => {
    for (const secret of [SECRET, KEY, 'very-hidden', 'pass-word']) expect(text).not.toContain(secret);
    expect(text).toContain('https://hooks.example/…');
  });

  test('as it is it is refused, for each secret that is not there', () => {
    expect(() => parseNotifyFile(text, 'n.yaml')).toThrow(
      /channels\.0\.url: expected a text[^]*channels\.0\.secret: expected a text[^]*channels\.2\.password[^]*channels\.3\.routing-key/,
    );
  });

  test('with the secrets it says what the page said', () => {
    const settings = parseNotifyFile(withSecrets(text), 'n.yaml');
    expect(settings.receivers).toEqual([{ name: 'ops', channels: CHANNELS.map(({ spec }) => spec) }]);
    expect(settings.timeIntervals).toEqual([NIGHTS]);
    expect(settings.route).toMatchObject({ receiver: 'ops', muteTimeIntervals: ['nights'] });
  });

  test('nothing that stands for a lost secret is shown as an address', () => {
    const locked = notifyFile([known({ type: 'slack', url: 'https://unreadable.invalid/' }, true)], []);
    expect(locked.text).not.toContain('unreadable');
  });

  test.each([
    { name: 'neither', channels: [], windows: [] },
    { name: 'windows alone', channels: [], windows: [NIGHTS] },
    { name: 'channels alone', channels: CHANNELS.slice(4, 5), windows: [] },
  ])('$name: a file that is read', ({ channels, windows }) => {
    const settings = parseNotifyFile(notifyFile(channels, windows).text, 'n.yaml');
    expect([settings.receivers.length, settings.timeIntervals.length]).toEqual([channels.length, windows.length]);
  });
});

test('rules of the page are the same rules in a file', () => {
  const sources = [
    { id: 'x1', name: 'Mine', metric: 'cpuOfLimitRatio', op: '>', threshold: '80%', for: '5m', severity: 'warning' },
    {
      id: 'x2',
      name: 'Other',
      metric: 'memoryWorkingSetBytes',
      agg: 'max',
      window: '5m',
      op: '>=',
      levels: [{ severity: 'critical', threshold: '1GiB' }],
      annotations: { summary: '{{ $labels.container }}: #1 "quoted"' },
      scope: ['host=~"web-.*"'],
    },
  ];
  const { text } = rulesFile(sources);
  expect(parse(text)).not.toHaveProperty('rules.0.id');
  const read = parseRules(text, 'r.yaml');
  const same = ({ id: _id, origin: _origin, ...rest }: (typeof read)[number]): object => rest;
  expect(read.map(same)).toEqual(sources.map((source) => same(ruleSchema.parse(source))));
});
