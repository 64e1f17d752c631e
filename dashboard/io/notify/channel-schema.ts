import { z } from 'zod';
import { SECRET_CHANNEL_FIELDS } from '../sealed-fields.ts';

const httpUrl = z
  .string()
  .max(2048)
  .refine((text) => {
    const url = URL.parse(text);
    return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
  }, 'expected a URL such as https://hooks.example/weft, without user or password');

/** `whsec_` and base64 of 24 to 64 bytes, as Standard Webhooks writes a secret. */
export const webhookSecret = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, 'expected whsec_ and base64 of 24 to 64 random bytes');

const address = z
  .string()
  .max(254)

  .regex(
    /^[^\s@\u0000-\u001f]+@[^\s@\u0000-\u001f]+$|^[^<>\u0000-\u001f]+ <[^\s@<>]+@[^\s@<>]+>$/,
    'expected name@example.org',
  );

const common = {
  name: z.string().min(1).max(64),
  sendResolved: z.boolean().default(true),
  enabled: z.boolean().default(true),
};

/** A way to tell somebody, as a file or the API describes it. Secrets are written and never read back. */
export const channelSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('webhook'),
    ...common,
    url: httpUrl,
    secret: webhookSecret.optional(),
    /** Signs as well while receivers move to the new secret. */
    previousSecret: webhookSecret.optional(),
  }),
  z.strictObject({ type: z.literal('slack'), ...common, url: httpUrl }),
  z.strictObject({
    type: z.literal('email'),
    ...common,
    host: z.string().min(1).max(253),
    port: z.number().int().min(1).max(65_535).default(587),
    tls: z.enum(['implicit', 'starttls', 'none']).default('starttls'),
    ca: z.string().max(65_536).optional(),
    from: address,
    to: z.array(address).min(1).max(50),
    username: z.string().max(256).optional(),
    password: z.string().max(1024).optional(),
  }),
  z.strictObject({
    type: z.literal('pagerduty'),
    ...common,
    routingKey: z.string().regex(/^[A-Za-z0-9]{32}$/, 'expected 32 letters and digits'),
    url: httpUrl.optional(),
  }),
  z.strictObject({
    type: z.literal('statsd'),
    ...common,
    host: z.string().min(1).max(253),
    port: z.number().int().min(1).max(65_535).default(8125),
  }),
  z.strictObject({ type: z.literal('alertmanager'), ...common, url: httpUrl }),
]);

export type ChannelSpec = z.infer<typeof channelSchema>;

/** What stands for what a channel must have and nobody can read any more. */
const UNREADABLE = { url: 'https://unreadable.invalid/', routingKey: '0'.repeat(32) };

/** A channel whose secrets cannot be read: all else of it; it must not be sent to. `undefined` when that is no channel either. */
export function lockedChannel(value: unknown): ChannelSpec | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const names of [['url'], ['routingKey'], []] as const) {
    const filled = Object.fromEntries(names.map((name) => [name, UNREADABLE[name]]));
    const spec = channelSchema.safeParse({ ...value, ...filled });
    if (spec.success) return spec.data;
  }
  return undefined;
}

/** A channel as it may be shown: a secret only says that it is there, and of a URL only its origin (its path may be one). */
export function redactedChannel(spec: ChannelSpec): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(spec).map(([key, value]) => {
      if (key === 'url' && typeof value === 'string') return [key, `${new URL(value).origin}/…`];
      return [key, SECRET_CHANNEL_FIELDS.has(key) ? 'set' : value];
    }),
  );
}
