import type { DashboardSpec } from '../panel.ts';

/** What fires, what fired, and who was told. */
export function alerts(): DashboardSpec {
  return {
    uid: 'weft-alerts',
    title: 'weft / Alerts',
    description: 'Alerts of Prometheus (prometheus/weft-rules.yaml) and of the dashboard.',
    variables: [],
    rows: [
      {
        title: 'Prometheus',
        panels: [
          {
            kind: 'table',
            title: 'Firing now',
            unit: 'short',
            width: 24,
            queries: [{ expr: 'ALERTS{alertstate="firing"}', legend: 'Firing' }],
          },
          {
            kind: 'timeseries',
            title: 'Firing, by rule',
            unit: 'short',
            width: 12,
            stacked: true,
            queries: [
              {
                expr: 'count by (alertname, severity) (ALERTS{alertstate="firing"})',
                legend: '{{alertname}} {{severity}}',
              },
            ],
          },
          {
            kind: 'table',
            title: 'Rules that fired the most',
            description: 'Readings at which an alert of the rule fired, in the chosen time.',
            unit: 'short',
            width: 12,
            queries: [
              {
                expr: 'topk(15, sum by (alertname) (count_over_time(ALERTS{alertstate="firing"}[$__range])))',
                legend: 'Readings',
              },
            ],
          },
        ],
      },
      {
        title: 'Dashboard',
        panels: [
          {
            kind: 'timeseries',
            title: 'Alerts by state',
            unit: 'short',
            width: 12,
            stacked: true,
            queries: [{ expr: 'sum by (instance, state) (weft_dashboard_alerts)', legend: '{{instance}} {{state}}' }],
          },
          {
            kind: 'timeseries',
            title: 'Groups that wait for a receiver',
            unit: 'short',
            width: 12,
            queries: [{ expr: 'weft_dashboard_notifications_waiting', legend: '{{instance}}' }],
          },
          {
            kind: 'state',
            title: 'Rules',
            unit: 'short',
            width: 12,
            words: ['evaluated', 'failing'],
            queries: [{ expr: 'max by (rule) (weft_dashboard_rule_failing)', legend: '{{rule}}' }],
          },
          {
            kind: 'state',
            title: 'Channels',
            unit: 'short',
            width: 12,
            words: ['on', 'switched off'],
            queries: [{ expr: 'max by (channel) (weft_dashboard_channel_broken)', legend: '{{channel}}' }],
          },
          {
            kind: 'timeseries',
            title: 'Attempts to tell receivers',
            unit: 'ops',
            width: 12,
            queries: [
              {
                expr: 'sum by (outcome) (rate(weft_dashboard_notifications_total[$__rate_interval]))',
                legend: '{{outcome}}',
              },
            ],
          },
        ],
      },
    ],
  };
}
