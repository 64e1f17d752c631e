import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { outcomeOf } from '../../../../../dashboard/io/notify/channel.ts';
import { signatureOf } from '../../../../../dashboard/io/notify/webhook.ts';

test.each([
  [200, 'sent'],
  [204, 'sent'],
  [301, 'refused'],
  [302, 'refused'],
  [307, 'refused'],
  [400, 'refused'],
  [404, 'refused'],
  [408, 'retry'],
  [410, 'refused'],
  [429, 'retry'],
  [500, 'retry'],
  [503, 'retry'],
])('%i: %s', (status, want) => {
  expect(outcomeOf({ status, body: 'x', retryAfterMs: undefined }).kind).toBe(want);
});

test('signs as Standard Webhooks says', () => {
  const key = Buffer.alloc(24, 7);
  const body = '{"test": 2432232314}';
  const want = createHmac('sha256', key).update(`msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.${body}`).digest('base64');
  const secret = `whsec_${key.toString('base64')}`;
  expect(signatureOf(secret, { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestampSeconds: 1_614_265_330, body })).toBe(
    `v1,${want}`,
  );
  // The example of the specification's own libraries.
  expect(
    signatureOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestampSeconds: 1_614_265_330,
      body,
    }),
  ).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});
