import { describe, expect, test } from 'vitest';
import { redactedChannel, channelSchema } from '../../../../../dashboard/io/notify/channel-schema.ts';
import { parseNotifyFile } from '../../../../../dashboard/io/notify/notify-file.ts';
import { ConfigError } from '../../../../../native/host/config.ts';

const FILE = `
receivers:
  - { name: ops, channels: [{ type: webhook, name: bot, url: 'https://hooks.example/a/secret' }] }
route:
  receiver: ops
  groupBy: ['...']
  groupWait: 10s
  routes:
    - { matchers: ['severity="critical"', 'team=~"a|b"'], repeatInterval: 1h, groupInterval: 1m, muteTimeIntervals: [nights] }
inhibitRules:
  - { sourceMatchers: [a=b], targetMatchers: ['{c="d",e!="f"}'], equal: [host] }
timeIntervals:
  - name: nights
    timeIntervals:
      - { times: [{ start: '22:00', end: '24:00' }], weekdays: ['monday:friday'], months: ['december'], daysOfMonth: [-1], location: Europe/Berlin }
`;

test('says who is told of what', () => {
  expect(parseNotifyFile(FILE, 'n.yaml')).toMatchObject({
    receivers: [{ name: 'ops', channels: [{ type: 'webhook', sendResolved: true, enabled: true }] }],
    route: {
      groupWaitMs: 10_000,
      routes: [{ repeatIntervalMs: 3_600_000, matchers: [{ name: 'severity' }, { isRegex: true }] }],
    },
    inhibitRules: [{ targetMatchers: [{ name: 'c' }, { name: 'e', isEqual: false }], equal: ['host'] }],
    timeIntervals: [
      {
        name: 'nights',
        parts: [
          {
            times: [{ startMinute: 1320, endMinute: 1440 }],
            weekdays: [{ from: 1, to: 5 }],
            months: [{ from: 12, to: 12 }],
            daysOfMonth: [{ from: -1, to: -1 }],
            location: 'Europe/Berlin',
          },
        ],
      },
    ],
  });
});

test('what is alike may have another name at the other side', () => {
  const { inhibitRules } = parseNotifyFile(FILE.replace('[host]', '[host=peer_host]'), 'n.yaml');
  expect(inhibitRules[0]?.equal).toEqual(['host=peer_host']);
});

describe('what is refused', () => {
  test.each([
    { name: 'a receiver that is not there', text: 'route: { receiver: nobody }', want: 'there is no receiver nobody' },
    {
      name: 'an interval that is not there',
      text: 'route: { muteTimeIntervals: [x] }',
      want: 'there is no time interval x',
    },
    {
      name: 'a repeat that is shorter than a look',
      text: 'route: { groupInterval: 5m, repeatInterval: 1m }',
      want: 'cannot be shorter',
    },
    {
      name: 'a zone that nobody knows',
      text: FILE.replace('Europe/Berlin', 'Europe/Atlantis'),
      want: 'name of a time zone',
    },
    { name: 'a time after midnight', text: FILE.replace('24:00', '24:30'), want: 'is no time' },
    { name: 'a matcher that is none', text: FILE.replace('a=b', 'a'), want: 'is no matcher' },
    {
      name: 'a URL with a password',
      text: FILE.replace('hooks.example', 'u:p@hooks.example'),
      want: 'without user or password',
    },
    { name: 'a label that is none', text: FILE.replace('[host]', '["a b"]'), want: 'SOURCE=TARGET' },
    { name: 'three labels of one', text: FILE.replace('[host]', '["a=b=c"]'), want: 'SOURCE=TARGET' },
    { name: 'a setting that is not there', text: 'colour: red', want: 'unknown setting' },
    { name: 'broken YAML', text: 'route: [', want: 'n.yaml: ' },
    { name: 'an alias of nothing', text: 'route: *mine', want: /^n\.yaml: .*alias.*: mine$/ },
  ])('$name', ({ text, want }) => {
    expect(() => parseNotifyFile(text, 'n.yaml')).toThrow(ConfigError);
    expect(() => parseNotifyFile(text, 'n.yaml')).toThrow(want);
  });

  test.each(['a@b.c\r\nBcc: x@y.z', 'nobody', 'a b@c.d'])('%j as an address of mail', (to) => {
    const spec = { type: 'email', name: 'm', host: 'mx', from: 'weft@example.org', to: [to] };
    expect(channelSchema.safeParse(spec).success).toBe(false);
  });
});

test('a channel is shown without its secrets', () => {
  const secret = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
  const spec = channelSchema.parse({
    type: 'webhook',
    name: 'w',
    url: 'https://hooks.example/T0/B0/secret?k=v',
    secret,
  });
  const shown = redactedChannel(spec);
  expect(shown).toMatchObject({ url: 'https://hooks.example/…', secret: 'set' });
  expect(JSON.stringify(shown)).not.toMatch(/whsec_|T0|k=v/);
});
