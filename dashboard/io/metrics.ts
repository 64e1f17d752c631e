import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What the dashboard says of itself at `/metrics`. */
export interface DashboardMetrics {
  readonly registry: Registry;
  readonly agents: Gauge;
  readonly browsers: Gauge;
  readonly hosts: Gauge<'state'>;
  readonly containers: Gauge;
  readonly frames: Counter<'verdict'>;
  readonly refused: Counter<'namespace' | 'reason'>;
  readonly alerts: Gauge<'state'>;
  readonly alertsDropped: Counter<'reason'>;
  readonly notifications: Counter<'outcome'>;
  readonly notificationsWaiting: Gauge;
  readonly logins: Counter<'outcome'>;
  readonly tickSeconds: Histogram;
  readonly framesMissed: Counter;
  readonly browsersFellBehind: Counter;
  readonly historyLines: Gauge;
  readonly historyRefused: Gauge;
  readonly historyLostBlocks: Gauge;
  readonly historyBytes: Gauge;
  readonly ruleFailing: Gauge<'rule'>;
  readonly channelBroken: Gauge<'channel'>;
}

export function createMetrics(): DashboardMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const named = (name: string, help: string) => ({ name: `weft_dashboard_${name}`, help, registers });
  return {
    registry,
    agents: new Gauge(named('agents', 'Stats agents that are connected.')),
    browsers: new Gauge(named('browsers', 'Browsers that are connected.')),
    hosts: new Gauge({ ...named('hosts', 'Hosts by state.'), labelNames: ['state'] }),
    containers: new Gauge(named('containers', 'Containers that are known.')),
    frames: new Counter({
      ...named('frames_total', 'Frames of agents by what became of them.'),
      labelNames: ['verdict'],
    }),
    refused: new Counter({
      ...named('refused_total', 'Connections and messages that were refused.'),
      labelNames: ['namespace', 'reason'],
    }),
    alerts: new Gauge({ ...named('alerts', 'Alerts by state.'), labelNames: ['state'] }),
    alertsDropped: new Counter({
      ...named('alerts_refused_total', 'Alerts that were not made: same labels as another, or too many.'),
      labelNames: ['reason'],
    }),
    notifications: new Counter({
      ...named('notifications_total', 'Attempts to tell a webhook, by outcome.'),
      labelNames: ['outcome'],
    }),
    notificationsWaiting: new Gauge(named('notifications_waiting', 'Groups of alerts that wait for a receiver.')),
    logins: new Counter({ ...named('logins_total', 'Attempts to log in, by outcome.'), labelNames: ['outcome'] }),
    framesMissed: new Counter(
      named('browser_frames_missed_total', 'Frames that a browser was not sent, since it did not keep up.'),
    ),
    browsersFellBehind: new Counter(
      named('browsers_fell_behind_total', 'Browsers that were sent nothing until they had caught up.'),
    ),
    historyLines: new Gauge(named('history_lines', 'Lines of history in memory.')),
    historyRefused: new Gauge(
      named('history_lines_refused', 'Lines of history that there was no room for, since the start.'),
    ),
    historyLostBlocks: new Gauge(
      named('history_lost_blocks', 'Ten seconds of history that could not be written, since the start.'),
    ),
    historyBytes: new Gauge(named('history_file_bytes', 'Bytes that history holds in its file.')),
    ruleFailing: new Gauge({ ...named('rule_failing', '1 while a rule cannot be evaluated.'), labelNames: ['rule'] }),
    channelBroken: new Gauge({
      ...named('channel_broken', '1 while a channel is switched off, since it refused messages for good.'),
      labelNames: ['channel'],
    }),
    tickSeconds: new Histogram({
      ...named('tick_seconds', 'Duration of one evaluation and broadcast.'),
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    }),
  };
}
