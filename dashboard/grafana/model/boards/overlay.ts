import type { DashboardSpec, PanelSpec } from '../panel.ts';
import { ofHost, ofOverlay, rate } from '../say.ts';

const HOST = { name: 'host', label: 'Host', query: 'label_values(weft_flannel_host_info, host)' } as const;
const broken = (metric: string): string => ofOverlay(`(1 - ${metric})`);

const states = (title: string, expr: string, words: readonly [string, string]): PanelSpec => ({
  kind: 'state',
  title,
  unit: 'short',
  width: 12,
  words,
  queries: [{ expr, legend: '{{host}}' }],
});

const count = (title: string, queries: PanelSpec['queries'], unit: PanelSpec['unit'] = 'short'): PanelSpec => ({
  kind: 'timeseries',
  title,
  unit,
  width: 12,
  queries,
});

/** The overlay network (flannel) as every host sees it. */
export function overlay(): DashboardSpec {
  return {
    uid: 'weft-overlay',
    title: 'weft / Overlay (flannel)',
    description: 'Leases, peers, routes and repairs of the overlay network.',
    variables: [HOST],
    rows: [
      {
        title: 'Ready',
        panels: [
          states('Overlay', broken('weft_flannel_ready'), ['ready', 'not ready']),
          states('etcd', broken('weft_flannel_etcd_connected'), ['connected', 'away']),
          states('Firewall', broken('weft_flannel_firewall_in_place'), ['in place', 'not in place']),
          states('Subnet lease', ofOverlay('weft_flannel_lease_problem'), ['held', 'problem']),
        ],
      },
      {
        title: 'Peers',
        panels: [
          count('Peers by state', [
            { expr: `sum by (state) (${ofOverlay('weft_flannel_peers_by_state')})`, legend: '{{state}}' },
          ]),
          count('Leases, routes, conflicts', [
            { expr: ofOverlay('weft_flannel_leases'), legend: '{{host}} leases' },
            { expr: ofOverlay('weft_flannel_routes'), legend: '{{host}} routes' },
            { expr: ofOverlay('weft_flannel_conflicts'), legend: '{{host}} conflicts' },
          ]),
          {
            kind: 'table',
            title: 'MTU and networks',
            description: 'Hosts of one backend and VNI should have one MTU.',
            unit: 'short',
            width: 12,
            queries: [
              {
                expr: 'max by (host, backend, vni) (weft_flannel_mtu_bytes * on (job, instance) group_left (host, backend, vni) weft_flannel_host_info{host=~"$host"})',
                legend: 'MTU (bytes)',
              },
            ],
          },
          {
            kind: 'table',
            title: 'Leases run out in',
            unit: 's',
            width: 12,
            queries: [{ expr: `min by (host) (${ofOverlay('weft_flannel_lease_seconds_left')})`, legend: 'Left' }],
          },
        ],
      },
      {
        title: 'Work',
        panels: [
          count(
            'Changes of the kernel',
            [
              { expr: ofOverlay(rate('weft_flannel_steps_total')), legend: '{{host}} changes' },
              { expr: ofOverlay(rate('weft_flannel_step_failures_total')), legend: '{{host}} refused' },
              { expr: ofOverlay(rate('weft_flannel_repairs_total')), legend: '{{host}} repairs' },
            ],
            'ops',
          ),
          count(
            'Passes, 99 of 100 take less than',
            [
              {
                expr: `histogram_quantile(0.99, sum by (host, le) (${ofOverlay(rate('weft_flannel_pass_seconds_bucket'))}))`,
                legend: '{{host}}',
              },
            ],
            's',
          ),
          count(
            'Requests to etcd, 99 of 100 take less than',
            [
              {
                expr: `histogram_quantile(0.99, sum by (method, le) (${ofOverlay(rate('weft_flannel_etcd_request_seconds_bucket'))}))`,
                legend: '{{method}}',
              },
            ],
            's',
          ),
          count(
            'How long lease changes are under way',
            [{ expr: ofOverlay('weft_flannel_watch_lag_seconds'), legend: '{{host}}' }],
            's',
          ),
          count(
            'Bytes through the overlay',
            [
              {
                expr: ofHost(rate('node_network_receive_bytes_total{device=~"flannel.*"}')),
                legend: '{{host}} {{device}} in',
              },
              {
                expr: ofHost(rate('node_network_transmit_bytes_total{device=~"flannel.*"}')),
                legend: '{{host}} {{device}} out',
              },
            ],
            'binBps',
          ),
        ],
      },
    ],
  };
}
