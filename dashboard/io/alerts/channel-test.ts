import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../native/host/clock.ts';
import type { KnownChannel } from '../notify/channels.ts';
import type { SendOutcome } from '../notify/channel.ts';

/** What a channel really answered to a test message. */
export interface ChannelTest {
  readonly outcome: SendOutcome['kind'];
  readonly why: string | undefined;
  readonly status: string | undefined;
  /** The beginning of what it said. */
  readonly body: string;
  readonly latencyMs: number;
}

/** Sends one message that says what it is; nothing is retried and nothing is remembered. */
export async function testChannel(
  { spec, channel, forwarder }: KnownChannel,
  { externalUrl, clock }: { readonly externalUrl: string; readonly clock: Clock },
  signal: AbortSignal,
): Promise<ChannelTest> {
  const nowUnixMs = clock.nowMs();
  const labels = { alertname: 'WeftTest', severity: 'info' };
  const annotations = { summary: `a test of the channel ${spec.name}; nothing is wrong` };
  const times = { startsAt: new Date(nowUnixMs).toISOString(), endsAt: new Date(nowUnixMs + 60_000).toISOString() };
  const startedMs = clock.monotonicMs();
  const outcome = await (forwarder === undefined
    ? channel?.send(
        {
          id: `msg_test_${randomUUID()}`,
          payload: {
            version: '4',
            groupKey: '{}:{alertname="WeftTest"}',
            truncatedAlerts: 0,
            status: 'firing',
            receiver: spec.name,
            groupLabels: { alertname: labels.alertname },
            commonLabels: labels,
            commonAnnotations: annotations,
            routeLabels: {},
            externalURL: externalUrl,
            notification_reason: 'test',
            alerts: [
              {
                status: 'firing',
                labels,
                annotations,
                ...times,
                generatorURL: externalUrl,
                fingerprint: '0000000000000000',
              },
            ],
          },
        },
        signal,
      )
    : forwarder.post([{ labels, annotations, ...times, generatorURL: externalUrl }], signal));
  const latencyMs = Math.round(clock.monotonicMs() - startedMs);
  if (outcome === undefined)
    return { outcome: 'refused', why: 'it cannot send', status: undefined, body: '', latencyMs };
  const { kind, status, body } = outcome;
  return { outcome: kind, why: kind === 'sent' ? undefined : outcome.why, status, body, latencyMs };
}
