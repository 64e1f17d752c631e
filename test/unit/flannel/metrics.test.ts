import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Histogram } from '../../../flannel/histogram.ts';
import { labelledMetrics } from '../../../flannel/labelled-metrics.ts';
import { metricsOf } from '../../../flannel/metrics.ts';
import { FlannelStatus } from '../../../flannel/status.ts';
import { createLogger } from '../../../native/host/log.ts';
import { packageRoot } from '../../../native/host/package-root.ts';

const log = createLogger({ name: 'test', level: 'fatal' });

test('a histogram counts what is at most as long as each bound', () => {
  const histogram = new Histogram([0.1, 1]);
  for (const seconds of [0.05, 0.1, 0.5, 7]) histogram.observe(seconds);
  expect(histogram.view()).toEqual({
    buckets: [
      { le: 0.1, count: 2 },
      { le: 1, count: 3 },
    ],
    sum: 7.65,
    count: 4,
  });
});

test('what has labels', () => {
  const status = new FlannelStatus(log);
  status.listed('start');
  status.counters.repairsByKind.set('add-route', 2);
  status.counters.netlinkErrors.set('E"\\\n', 1);
  status.sources.peers = () => [{ subnets: [], backend: 'vxlan', via: 'vxlan', state: 'failed' }];
  status.passSeconds.observe(0.004);
  const text = labelledMetrics(status);
  expect(text).toContain(
    '# TYPE weft_flannel_peers_by_state gauge\nweft_flannel_peers_by_state{state="programmed"} 0\n',
  );
  expect(text).toContain('weft_flannel_peers_by_state{state="failed"} 1\n');
  expect(text).toContain('weft_flannel_repaired_steps_total{kind="add-route"} 2\n');
  expect(text).toContain('weft_flannel_netlink_errors_total{errno="E\\"\\\\\\n"} 1\n');
  expect(text).toContain('weft_flannel_watch_resyncs_total{reason="start"} 1\n');
  expect(text).toContain(
    'weft_flannel_pass_seconds_bucket{le="0.0025"} 0\nweft_flannel_pass_seconds_bucket{le="0.005"} 1\n',
  );
  expect(text).toContain('weft_flannel_pass_seconds_bucket{le="+Inf"} 1\nweft_flannel_pass_seconds_sum 0.004\n');
});

test('which host and overlay it is, once it has joined one', () => {
  const status = new FlannelStatus(log);
  expect(labelledMetrics(status)).not.toContain('weft_flannel_host_info');
  const unused = { version: '', pid: 1, interface: 'eth0', interfaceBecause: '' };
  status.sources.host = () => ({ ...unused, nodeId: 'n1', hostname: 'h"1' });
  status.sources.overlay = () => ({ backend: 'vxlan', vni: 7 });
  expect(labelledMetrics(status)).toContain(
    'weft_flannel_host_info{host="h\\"1",node_id="n1",backend="vxlan",vni="7"} 1\n',
  );
});

test('requests to etcd, by method and outcome', () => {
  const status = new FlannelStatus(log);
  status.etcdRequests.observe({ operation: 'keep alive', error: undefined, seconds: 0.004 });
  status.etcdRequests.observe({ operation: 'keep alive', error: undefined, seconds: 0.02 });
  status.etcdRequests.observe({ operation: 'list', error: 'DEADLINE_EXCEEDED', seconds: 0.6 });
  const name = 'weft_flannel_etcd_request_seconds';
  const lines = labelledMetrics(status).split('\n');
  expect(lines.filter((line) => line === `# TYPE ${name} histogram`)).toHaveLength(1);
  expect(lines).toContain(`${name}_bucket{method="keep_alive",outcome="ok",le="0.005"} 1`);
  expect(lines).toContain(`${name}_bucket{method="keep_alive",outcome="ok",le="+Inf"} 2`);
  expect(lines).toContain(`${name}_sum{method="keep_alive",outcome="ok"} 0.024`);
  expect(lines).toContain(`${name}_count{method="list",outcome="deadline_exceeded"} 1`);
});

test('the watch, NaN while nothing is known of it', async () => {
  const status = new FlannelStatus(log);
  const metrics = metricsOf(status);
  expect(await metrics()).toContain('weft_flannel_watch_lag_seconds Nan\n');
  status.sources.watch = () => ({ lagMs: 3, silenceMs: 1_500, revision: '42' });
  const text = await metrics();
  expect(text).toContain('weft_flannel_watch_lag_seconds 0.003\n');
  expect(text).toContain('weft_flannel_watch_silence_seconds 1.5\n');
  expect(text).toContain('weft_flannel_watch_revision 42\n');
});

test('the exposition has each family once, and the README names it', async () => {
  const text = await metricsOf(new FlannelStatus(log))();
  const families = Array.from(text.matchAll(/^# TYPE (\S+) /gm), ([, name]) => name ?? '');
  expect(new Set(families).size).toBe(families.length);
  const isSample = (line: string): boolean => /^[a-zA-Z_][a-zA-Z0-9_]*(?:\{.*\})? \S+$/.test(line);
  expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('# ') && !isSample(line))).toEqual([]);
  const readme = readFileSync(join(packageRoot(), 'flannel/README.md'), 'utf8');
  const ours = families.filter((name) => name.startsWith('weft_flannel_'));
  expect(ours.length).toBeGreaterThan(25);
  expect(ours.filter((name) => !readme.includes(`\`${name}`))).toEqual([]);
});
