import type { AlertRule } from '../../../model/alert/rule.ts';
import type { DashboardSpec, PanelQuery, PanelSpec } from '../panel.ts';
import { HOST, most, ofContainer, ofHost, rate, summedRate, thresholdsOf } from '../say.ts';

const WHO = '{{name}} on {{host}}';
const line = (value: string, legend = WHO): PanelQuery => ({ expr: most(ofContainer(value)), legend });
const chart = (
  panel: Pick<PanelSpec, 'title' | 'unit' | 'queries'> & Partial<PanelSpec> & { readonly max?: number },
): PanelSpec => ({ ...panel, kind: 'timeseries', width: 12 });

const happened = (what: string): PanelQuery => {
  const metric = `weft_statsd_container_${what}`;
  const chosen = `${metric}{name=~"$container", compose_project=~"$project"}`;
  return {
    expr: most(`sum by (host, name) (${ofHost(chosen)})`),
    legend: `${WHO} ${what.replace(/_total$/, '').replaceAll('_', ' ')}`,
  };
};

/** One service, or several side by side, through all their containers. */
export function container(rules: readonly AlertRule[]): DashboardSpec {
  return {
    uid: 'weft-container',
    title: 'weft / Container',
    description: 'CPU, memory, IO and life of containers, by name.',
    variables: [
      HOST,
      {
        name: 'project',
        label: 'Project',
        query: 'label_values(container_info, compose_project)',
      },
      {
        name: 'container',
        label: 'Container',
        query: 'label_values(container_info{compose_project=~"$project"}, name)',
      },
    ],
    rows: [
      {
        title: 'CPU',
        panels: [
          chart({
            title: 'CPU, and its limit',
            unit: 'cores',
            queries: [
              line(summedRate('container_cpu_usage_seconds_total', 'cpu')),
              line('(container_spec_cpu_quota / container_spec_cpu_period)', `${WHO} limit`),
            ],
          }),
          chart({
            title: 'Periods in which it was held back',
            description: '100 % is every period of its CPU limit; containers without one have none.',
            unit: 'percentunit',
            max: 1,
            ...thresholdsOf(rules, 'ContainerCPUThrottled'),
            queries: [
              line(
                `(${rate('container_cpu_cfs_throttled_periods_total')} / ${rate('container_cpu_cfs_periods_total')})`,
              ),
            ],
          }),
        ],
      },
      {
        title: 'Memory',
        panels: [
          chart({
            title: 'Memory of its limit',
            unit: 'percentunit',
            ...thresholdsOf(rules, 'ContainerMemoryNearLimit'),
            queries: [line('(container_memory_working_set_bytes / (container_spec_memory_limit_bytes > 0))')],
          }),
          chart({
            title: 'Memory by kind',
            unit: 'bytes',
            queries: [
              line('container_memory_working_set_bytes', `${WHO} working set`),
              line('container_memory_rss', `${WHO} anonymous`),
              line('container_memory_cache', `${WHO} cache`),
              line('container_memory_swap', `${WHO} swap`),
            ],
          }),
        ],
      },
      {
        title: 'Network, disks, processes',
        panels: [
          chart({
            title: 'Network',
            unit: 'binBps',
            queries: [
              line(summedRate('container_network_receive_bytes_total', 'interface'), `${WHO} in`),
              line(summedRate('container_network_transmit_bytes_total', 'interface'), `${WHO} out`),
            ],
          }),
          chart({
            title: 'Disks',
            unit: 'binBps',
            queries: [
              line(summedRate('container_fs_reads_bytes_total', 'device'), `${WHO} read`),
              line(summedRate('container_fs_writes_bytes_total', 'device'), `${WHO} written`),
            ],
          }),
          chart({
            title: 'Threads of their limit',
            unit: 'percentunit',
            queries: [line('(container_threads / (container_threads_max > 0))')],
          }),
          chart({ title: 'Threads', unit: 'short', queries: [line('container_threads')] }),
        ],
      },
      {
        title: 'Life',
        panels: [
          chart({
            title: 'Counted since the stats agent started',
            unit: 'short',
            queries: [happened('restarts_total'), happened('oom_kills_total'), happened('unexpected_exits_total')],
          }),
          {
            kind: 'table',
            title: 'Running',
            unit: 'dateTimeFromNow',
            width: 12,
            queries: [{ expr: `${ofContainer('container_start_time_seconds')} * 1000`, legend: 'Started' }],
          },
        ],
      },
    ],
  };
}
