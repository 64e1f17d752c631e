import { createHash } from 'node:crypto';
import type { Clock } from '../../../native/host/clock.ts';
import type { Channel } from './channel.ts';
import type { ChannelSpec } from './channel-schema.ts';
import { createEmail } from './email.ts';
import type { GuardedHttpOptions } from './guarded-http.ts';
import { createPagerDuty, PAGERDUTY_URL } from './pagerduty.ts';
import { createSlack } from './slack.ts';
import { createStatsd } from './statsd.ts';
import { policyFor, type TargetPolicy } from './target-guard.ts';
import { createWebhook } from './webhook.ts';

export interface ChannelMaking {
  readonly policy: TargetPolicy;
  /** Whether an operator wrote it on this host: an address that is named there is meant. */
  readonly trusted: boolean;
  readonly timeoutMs: number;
  readonly userAgent: string;
  readonly clock: Clock;
}

/** Identifies a channel in the store without giving an address (which may hold a secret) away. */
export function channelId(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
}

/** Where a channel leads, for its policy. */
function hostOf(spec: ChannelSpec): string {
  if (spec.type === 'email' || spec.type === 'statsd') return spec.host;
  return new URL(spec.url ?? PAGERDUTY_URL).hostname;
}

/** How a channel's requests are made. */
export function httpOptionsOf(spec: ChannelSpec, making: ChannelMaking): GuardedHttpOptions {
  const { policy, trusted, timeoutMs, userAgent } = making;
  return { policy: trusted ? policyFor(hostOf(spec), policy) : policy, timeoutMs, userAgent };
}

/** A channel that sends messages; Alertmanagers are forwarded to instead. */
export function makeChannel(
  id: string,
  spec: Exclude<ChannelSpec, { type: 'alertmanager' }>,
  making: ChannelMaking,
): Channel {
  const http = httpOptionsOf(spec, making);
  const { clock, timeoutMs } = making;
  const common = { id, label: spec.name, sendResolved: spec.sendResolved };
  switch (spec.type) {
    case 'webhook': {
      const secrets = [spec.secret, spec.previousSecret].filter((secret) => secret !== undefined);
      return createWebhook({ ...common, url: spec.url, secrets, http, clock });
    }
    case 'slack':
      return createSlack({ ...common, url: spec.url, http });
    case 'pagerduty':
      return createPagerDuty({ ...common, url: spec.url ?? PAGERDUTY_URL, routingKey: spec.routingKey, http });
    case 'statsd': {
      const { host, port } = spec;
      return createStatsd({ ...common, host, port, policy: http.policy, timeoutMs, clock });
    }
    case 'email': {
      const { host, port, tls, ca, from, to, username, password } = spec;
      const { policy } = http;
      return createEmail({ ...common, host, port, tls, ca, from, to, username, password, policy, timeoutMs, clock });
    }
  }
}
