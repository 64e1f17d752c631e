import type { AlertRule } from '../../../model/alert/rule.ts';
import type { DashboardSpec, PanelSpec } from '../panel.ts';
import { HOST, most, ofHost, rate, summedRate, thresholdsOf } from '../say.ts';

const bytes = (name: string): string => ofHost(`node_memory_${name}_bytes`);
const REAL_DISKS = 'fstype!~"tmpfs|overlay|squashfs|ramfs"';

function inAndOut(title: string, [input, output]: readonly [string, string], by: string): PanelSpec {
  const each = (metric: string): string => `sum by (host, ${by}) (${ofHost(rate(metric))})`;
  return {
    kind: 'timeseries',
    title,
    unit: 'binBps',
    width: 12,
    queries: [
      { expr: each(input), legend: `{{host}} {{${by}}} in` },
      { expr: each(output), legend: `{{host}} {{${by}}} out` },
    ],
  };
}

/** One host, or several side by side. */
export function host(rules: readonly AlertRule[]): DashboardSpec {
  return {
    uid: 'weft-host',
    title: 'weft / Host',
    description: 'CPU, memory, pressure, disks and network of hosts, and the containers on them.',
    variables: [HOST],
    rows: [
      {
        title: 'CPU',
        panels: [
          {
            kind: 'timeseries',
            title: 'CPU by mode',
            unit: 'cores',
            width: 12,
            stacked: true,
            queries: [
              {
                expr: `sum by (host, mode) (${ofHost(rate('node_cpu_seconds_total{mode!~"idle|iowait"}'))})`,
                legend: '{{host}} {{mode}}',
              },
            ],
          },
          {
            kind: 'timeseries',
            title: 'Load',
            unit: 'short',
            width: 12,
            queries: [
              { expr: ofHost('node_load1'), legend: '{{host}} 1 min' },
              { expr: ofHost('node_load15'), legend: '{{host}} 15 min' },
              { expr: ofHost('machine_cpu_cores'), legend: '{{host}} CPUs' },
            ],
          },
        ],
      },
      {
        title: 'Memory and pressure',
        panels: [
          {
            kind: 'timeseries',
            title: 'Memory',
            unit: 'bytes',
            width: 12,
            stacked: true,
            queries: [
              { expr: bytes('AnonPages'), legend: '{{host}} anonymous' },
              { expr: bytes('Shmem'), legend: '{{host}} shared' },
              { expr: bytes('Slab'), legend: '{{host}} slab' },
              { expr: `${bytes('Cached')} - on (host) ${bytes('Shmem')}`, legend: '{{host}} cache' },
              { expr: bytes('MemFree'), legend: '{{host}} free' },
            ],
          },
          {
            kind: 'timeseries',
            title: 'Time that tasks waited (PSI)',
            description: 'The share of time in which some task, or all of them, waited.',
            unit: 'percentunit',
            width: 12,
            ...thresholdsOf(rules, 'HostMemoryPressure'),
            queries: [
              { expr: ofHost(rate('node_pressure_cpu_waiting_seconds_total')), legend: '{{host}} CPU, some' },
              { expr: ofHost(rate('node_pressure_io_stalled_seconds_total')), legend: '{{host}} IO, all' },
              { expr: ofHost(rate('node_pressure_memory_stalled_seconds_total')), legend: '{{host}} memory, all' },
            ],
          },
        ],
      },
      {
        title: 'Disks and network',
        panels: [
          {
            kind: 'timeseries',
            title: 'Disk space in use',
            unit: 'percentunit',
            width: 12,
            max: 1,
            queries: [
              {
                expr: `max by (host, mountpoint) (${ofHost(`(1 - node_filesystem_avail_bytes{${REAL_DISKS}} / node_filesystem_size_bytes{${REAL_DISKS}})`)})`,
                legend: '{{host}} {{mountpoint}}',
              },
            ],
          },
          {
            kind: 'timeseries',
            title: 'Time that disks were busy',
            unit: 'percentunit',
            width: 12,
            max: 1,
            queries: [
              {
                expr: `sum by (host, device) (${ofHost(rate('node_disk_io_time_seconds_total'))})`,
                legend: '{{host}} {{device}}',
              },
            ],
          },
          inAndOut('Disks', ['node_disk_read_bytes_total', 'node_disk_written_bytes_total'], 'device'),
          inAndOut('Network', ['node_network_receive_bytes_total', 'node_network_transmit_bytes_total'], 'device'),
          {
            kind: 'timeseries',
            title: 'Packets that were lost',
            unit: 'ops',
            width: 12,
            queries: [
              {
                expr: `sum by (host, device) (${ofHost(rate('node_network_receive_drop_total'))})`,
                legend: '{{host}} {{device}} in',
              },
              {
                expr: `sum by (host, device) (${ofHost(rate('node_network_transmit_drop_total'))})`,
                legend: '{{host}} {{device}} out',
              },
            ],
          },
        ],
      },
      {
        title: 'Containers',
        panels: [
          {
            kind: 'timeseries',
            title: 'CPU of the busiest',
            unit: 'cores',
            width: 12,
            queries: [
              {
                expr: most(`sum by (host, name) (${ofHost(summedRate('container_cpu_usage_seconds_total', 'cpu'))})`),
                legend: '{{name}} on {{host}}',
              },
            ],
          },
          {
            kind: 'timeseries',
            title: 'Memory of the largest',
            unit: 'bytes',
            width: 12,
            queries: [
              {
                expr: most(`sum by (host, name) (${ofHost('container_memory_working_set_bytes')})`),
                legend: '{{name}} on {{host}}',
              },
            ],
          },
        ],
      },
    ],
  };
}
