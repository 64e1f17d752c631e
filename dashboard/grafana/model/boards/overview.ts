import type { AlertRule } from '../../../model/alert/rule.ts';
import type { DashboardSpec } from '../panel.ts';
import { HOST, most, ofHost, rate, summedRate, thresholdsOf } from '../say.ts';

const UP =
  'up * on (job, instance) group_left (host) topk by (job, instance) (1, last_over_time(weft_statsd_host_info{host=~"$host"}[1d]))';
const BUSY = 'mode=~"user|nice|system|irq|softirq|steal"';

const byContainer = (value: string): string => most(`sum by (host, name) (${ofHost(value)})`);

/** The whole cluster on one page. */
export function overview(rules: readonly AlertRule[]): DashboardSpec {
  return {
    uid: 'weft-overview',
    title: 'weft / Overview',
    description: 'All hosts and containers at a glance.',
    variables: [HOST],
    rows: [
      {
        title: 'Now',
        panels: [
          {
            kind: 'stat',
            title: 'Hosts that answer',
            unit: 'short',
            width: 6,
            queries: [{ expr: `sum(${UP})`, legend: 'hosts' }],
          },
          {
            kind: 'stat',
            title: 'Hosts that do not',
            unit: 'short',
            width: 6,
            thresholds: [
              { value: null, color: 'green' },
              { value: 1, color: 'red' },
            ],
            queries: [{ expr: `count(${UP}) - sum(${UP})`, legend: 'hosts' }],
          },
          {
            kind: 'stat',
            title: 'Containers',
            unit: 'short',
            width: 6,
            queries: [{ expr: `sum(${ofHost('weft_statsd_containers')})`, legend: 'containers' }],
          },
          {
            kind: 'stat',
            title: 'Alerts that fire',
            description: 'Of the rules in prometheus/weft-rules.yaml.',
            unit: 'short',
            width: 6,
            thresholds: [
              { value: null, color: 'green' },
              { value: 1, color: 'red' },
            ],
            queries: [{ expr: 'count(ALERTS{alertstate="firing"}) or vector(0)', legend: 'alerts' }],
          },
        ],
      },
      {
        title: 'Hosts',
        panels: [
          {
            kind: 'timeseries',
            title: 'CPU',
            description: '100 % is all CPUs of the host.',
            unit: 'percentunit',
            width: 12,
            max: 1,
            ...thresholdsOf(rules, 'HostCPUSaturated'),
            queries: [
              {
                expr: ofHost(
                  `(sum without (cpu, mode) (${rate(`node_cpu_seconds_total{${BUSY}}`)}) / machine_cpu_cores)`,
                ),
                legend: '{{host}}',
              },
            ],
          },
          {
            kind: 'timeseries',
            title: 'Memory in use',
            description: '100 % is all memory of the host; what can be had back at once is not in use.',
            unit: 'percentunit',
            width: 12,
            max: 1,
            queries: [
              {
                expr: ofHost('(1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)'),
                legend: '{{host}}',
              },
            ],
          },
        ],
      },
      {
        title: 'Containers that use the most',
        panels: [
          {
            kind: 'timeseries',
            title: 'CPU',
            unit: 'cores',
            width: 12,
            queries: [
              {
                expr: byContainer(summedRate('container_cpu_usage_seconds_total', 'cpu')),
                legend: '{{name}} on {{host}}',
              },
            ],
          },
          {
            kind: 'timeseries',
            title: 'Memory',
            description: 'Working set, as docker stats counts it.',
            unit: 'bytes',
            width: 12,
            queries: [{ expr: byContainer('container_memory_working_set_bytes'), legend: '{{name}} on {{host}}' }],
          },
          {
            kind: 'timeseries',
            title: 'Network, received and sent',
            unit: 'binBps',
            width: 12,
            queries: [
              {
                expr: byContainer(summedRate('container_network_receive_bytes_total', 'interface')),
                legend: '{{name}} on {{host}} in',
              },
              {
                expr: byContainer(summedRate('container_network_transmit_bytes_total', 'interface')),
                legend: '{{name}} on {{host}} out',
              },
            ],
          },
          {
            kind: 'timeseries',
            title: 'Disks, read and written',
            unit: 'binBps',
            width: 12,
            queries: [
              {
                expr: byContainer(summedRate('container_fs_reads_bytes_total', 'device')),
                legend: '{{name}} on {{host}} read',
              },
              {
                expr: byContainer(summedRate('container_fs_writes_bytes_total', 'device')),
                legend: '{{name}} on {{host}} written',
              },
            ],
          },
        ],
      },
      {
        title: 'What happened to containers',
        panels: [
          {
            kind: 'table',
            title: 'In the chosen time',
            description: 'By name; containers that ended are remembered for an hour.',
            unit: 'short',
            width: 24,
            queries: [
              { expr: happened('restarts_total'), legend: 'Restarts' },
              { expr: happened('oom_kills_total'), legend: 'Killed for memory' },
              { expr: happened('unexpected_exits_total'), legend: 'Unexpected exits' },
            ],
          },
        ],
      },
    ],
  };
}

function happened(what: string): string {
  const metric = `weft_statsd_container_${what}`;
  return `sum by (host, name) (${ofHost(`(${metric} - min_over_time(${metric}[$__range]))`)})`;
}
