import { expect, test } from 'vitest';
import { channelSchema, redactedChannel } from '../../../../dashboard/io/notify/channel-schema.ts';
import type { ChannelAnswer } from '../../../../dashboard/web/alerts/channels.ts';
import { draftOfChannel, NEW_CHANNEL, postedChannel } from '../../../../dashboard/web/settings/channel-draft.ts';

const SECRET = `whsec_${'A'.repeat(32)}`;

test.each([
  { type: 'webhook', texts: { url: ' https://hooks.example/a ', secret: SECRET } },
  { type: 'slack', texts: { url: 'https://hooks.slack.com/services/T/B/x' } },
  { type: 'email', texts: { host: 'mx', from: 'weft@a.org', to: 'ann@a.org, bob@a.org,', port: '25' } },
  { type: 'pagerduty', texts: { routingKey: 'a'.repeat(32) } },
  { type: 'alertmanager', texts: { url: 'http://am:9093' } },
] as const)('a new $type is what the API takes', ({ type, texts }) => {
  const spec = channelSchema.parse(postedChannel({ ...NEW_CHANNEL, type, name: ' ops ', texts }));
  expect(spec).toMatchObject({ type, name: 'ops', enabled: true });
});

test('what another kind has is not sent', () => {
  const texts = { url: 'https://a/', password: 'p', secret: SECRET };
  expect(postedChannel({ ...NEW_CHANNEL, type: 'slack', name: 'a', texts })).not.toHaveProperty('secret');
});

test('a channel that is changed keeps its secrets: they are neither known nor sent', () => {
  const spec = channelSchema.parse({
    type: 'email',
    name: 'mail',
    host: 'mx',
    from: 'weft@a.org',
    to: ['ann@a.org'],
    username: 'u',
    password: 'secret',
  });
  const shown = {
    id: 'c1',
    receiver: 'default',
    origin: 'api',
    secretsLost: false,
    disabledBecause: null,
    ...redactedChannel(spec),
  };
  const posted = postedChannel(draftOfChannel(JSON.parse(JSON.stringify(shown)) as ChannelAnswer));
  expect(posted).not.toHaveProperty('password');
  expect(channelSchema.parse({ ...spec, ...posted })).toEqual(spec);
});
