import type { DashboardSpec, PanelSpec } from '../panel.ts';
import { HOST, ofHost, rate } from '../say.ts';

const chart = (title: string, unit: PanelSpec['unit'], queries: PanelSpec['queries']): PanelSpec => ({
  kind: 'timeseries',
  title,
  unit,
  width: 12,
  queries,
});

/** Every agent of weft: one that says what it is. */
const AGENTS = '(weft_statsd_build_info or weft_flannel_ready or weft_dashboard_agents)';
const ofAgents = (value: string): string => `${value} and on (job, instance) ${AGENTS}`;

/** What weft itself costs, and whether it keeps up. */
export function weft(): DashboardSpec {
  return {
    uid: 'weft-self',
    title: 'weft / weft itself',
    description: 'What the agents and the dashboard cost, and whether they keep up.',
    variables: [HOST],
    rows: [
      {
        title: 'Processes',
        panels: [
          chart('CPU', 'cores', [
            { expr: ofAgents(rate('process_cpu_seconds_total')), legend: '{{job}} {{instance}}' },
          ]),
          chart('Memory', 'bytes', [
            { expr: ofAgents('process_resident_memory_bytes'), legend: '{{job}} {{instance}}' },
          ]),
        ],
      },
      {
        title: 'Stats agents',
        panels: [
          chart('Duration of a tick', 's', [{ expr: ofHost('weft_statsd_tick_seconds'), legend: '{{host}}' }]),
          chart('Ticks that could not be held in time', 'ops', [
            { expr: ofHost(rate('weft_statsd_missed_ticks_total')), legend: '{{host}}' },
          ]),
          chart('Collectors that failed', 'ops', [
            { expr: ofHost(rate('weft_statsd_collector_failures_total')), legend: '{{host}} {{collector}}' },
          ]),
          chart('Stretch of the interval', 'short', [
            { expr: ofHost('weft_statsd_interval_stretch'), legend: '{{host}}' },
          ]),
          chart('Frames sent to dashboards', 'ops', [
            { expr: `sum by (host) (${ofHost(rate('weft_statsd_frames_sent_total'))})`, legend: '{{host}} sent' },
            { expr: `sum by (host) (${ofHost(rate('weft_statsd_frames_dropped_total'))})`, legend: '{{host}} dropped' },
          ]),
        ],
      },
      {
        title: 'Dashboards',
        panels: [
          chart('Who is connected', 'short', [
            { expr: 'weft_dashboard_agents', legend: '{{instance}} agents' },
            { expr: 'weft_dashboard_browsers', legend: '{{instance}} browsers' },
          ]),
          chart('Frames of agents', 'ops', [
            {
              expr: `sum by (instance, verdict) (${rate('weft_dashboard_frames_total')})`,
              legend: '{{instance}} {{verdict}}',
            },
          ]),
          chart('Ticks, 99 of 100 take less than', 's', [
            {
              expr: `histogram_quantile(0.99, sum by (instance, le) (${rate('weft_dashboard_tick_seconds_bucket')}))`,
              legend: '{{instance}}',
            },
          ]),
          chart('History', 'bytes', [
            { expr: 'weft_dashboard_history_file_bytes', legend: '{{instance}} in its file' },
          ]),
          chart('Lines of history in memory', 'short', [
            { expr: 'weft_dashboard_history_lines', legend: '{{instance}}' },
          ]),
        ],
      },
    ],
  };
}
