import type { OwnMetric } from './exposition.ts';
import { ownCounter as counter, ownGauge as gauge } from './own-metric.ts';

/** Of datagrams. */
export interface PushFacts {
  readonly sent: number;
  readonly dropped: number;
  readonly errors: number;
}

export interface IntakeFacts {
  readonly datagrams: number;
  readonly lines: number;
  /** Lines by why they were left out. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly pauses: number;
  readonly series: number;
}

/** What became of what is sent to a StatsD daemon. */
export function pushMetrics(push: PushFacts | undefined): OwnMetric[] {
  if (push === undefined) return [];
  return [
    counter('weft_statsd_push_datagrams_sent_total', 'Datagrams sent to the StatsD daemon.', push.sent),
    counter('weft_statsd_push_datagrams_dropped_total', 'Datagrams that did not fit into the socket.', push.dropped),
    counter('weft_statsd_push_errors_total', 'Sendings that the system refused, and names not found.', push.errors),
  ];
}

/** What became of what containers send. */
export function intakeMetrics(intake: IntakeFacts | undefined): OwnMetric[] {
  if (intake === undefined) return [];
  return [
    counter('weft_statsd_intake_datagrams_total', 'StatsD datagrams received.', intake.datagrams),
    counter('weft_statsd_intake_lines_total', 'StatsD lines that count.', intake.lines),
    {
      name: 'weft_statsd_intake_lines_dropped_total',
      help: 'StatsD lines left out, by the reason.',
      type: 'counter',
      values: Object.entries(intake.dropped).map(([reason, count]) => [`reason="${reason}"`, count] as const),
    },
    counter(
      'weft_statsd_intake_pauses_total',
      'Seconds for the rest of which nothing was received, because senders had used up what they may cost.',
      intake.pauses,
    ),
    gauge('weft_statsd_intake_series', 'Series that containers made by StatsD.', intake.series),
  ];
}
