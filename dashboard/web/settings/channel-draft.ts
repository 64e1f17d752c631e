import type { ChannelAnswer } from '../alerts/channels.ts';

export type ChannelType = ChannelAnswer['type'];

/** Texts that a channel may have; which of them it has is a matter of its kind. */
export type ChannelText =
  'url' | 'secret' | 'previousSecret' | 'host' | 'port' | 'from' | 'to' | 'username' | 'password' | 'routingKey';

/** One text of a kind of channel. `secret`: is written and never shown; empty keeps what is there. */
export interface ChannelField {
  readonly name: ChannelText;
  readonly label: string;
  readonly hint?: string;
  readonly secret?: true;
  readonly optional?: true;
}

const URL_FIELD = { name: 'url', label: 'Address', secret: true } as const;

/** What each kind of channel wants to know. */
export const CHANNEL_FIELDS: Readonly<Record<ChannelType, readonly ChannelField[]>> = {
  webhook: [
    { ...URL_FIELD, hint: 'https://hooks.example/weft' },
    {
      name: 'secret',
      label: 'Signing secret',
      hint: 'whsec_ and base64 of 24 to 64 bytes',
      secret: true,
      optional: true,
    },
    { name: 'previousSecret', label: 'Previous secret', hint: 'signs as well', secret: true, optional: true },
  ],
  slack: [{ ...URL_FIELD, hint: 'https://hooks.slack.com/services/…' }],
  email: [
    { name: 'host', label: 'Mail server', hint: 'mx.example' },
    { name: 'port', label: 'Port', hint: '587', optional: true },
    { name: 'from', label: 'From', hint: 'weft@example.org' },
    { name: 'to', label: 'To', hint: 'with commas between them' },
    { name: 'username', label: 'User', optional: true },
    { name: 'password', label: 'Password', secret: true, optional: true },
  ],
  pagerduty: [{ name: 'routingKey', label: 'Routing key', hint: '32 letters and digits', secret: true }],
  statsd: [
    { name: 'host', label: 'Daemon', hint: 'statsd.example' },
    { name: 'port', label: 'Port', hint: '8125', optional: true },
  ],
  alertmanager: [{ ...URL_FIELD, hint: 'http://alertmanager:9093' }],
};

export const TLS_MODES = ['starttls', 'implicit', 'none'] as const;

/** A channel while it is edited. */
export interface ChannelDraft {
  readonly id: string | undefined;
  /** Whether secrets that are left empty stay what they are; else there are none yet, or none any more. */
  readonly keepsSecrets: boolean;
  readonly type: ChannelType;
  readonly name: string;
  readonly enabled: boolean;
  readonly sendResolved: boolean;
  readonly tls: string;
  readonly texts: Readonly<Partial<Record<ChannelText, string>>>;
}

export const NEW_CHANNEL: ChannelDraft = {
  id: undefined,
  keepsSecrets: false,
  type: 'webhook',
  name: '',
  enabled: true,
  sendResolved: true,
  tls: 'starttls',
  texts: {},
};

/** A channel of the API for its form, without what is secret. */
export function draftOfChannel(channel: ChannelAnswer): ChannelDraft {
  const { id, type, name, enabled, sendResolved, host, port, from, to, username, tls } = channel;
  const texts = { host, port: port === undefined ? undefined : String(port), from, to: to?.join(', '), username };
  const known = Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined));
  const common = { id, type, name, enabled, sendResolved, tls: tls ?? 'starttls' };
  return { ...common, keepsSecrets: !channel.secretsLost, texts: known };
}

function valueOf(name: ChannelText, text: string): unknown {
  if (name === 'port') return Number(text);
  if (name !== 'to') return text;
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** What the API is sent of a draft; what is left empty is left out. */
export function postedChannel({ type, name, enabled, sendResolved, tls, texts }: ChannelDraft): object {
  const given = CHANNEL_FIELDS[type].flatMap((field) => {
    const text = texts[field.name]?.trim() ?? '';
    return text === '' ? [] : [[field.name, valueOf(field.name, text)] as const];
  });
  const common = { type, name: name.trim(), enabled, sendResolved };
  return { ...common, ...(type === 'email' ? { tls } : {}), ...Object.fromEntries(given) };
}
