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
