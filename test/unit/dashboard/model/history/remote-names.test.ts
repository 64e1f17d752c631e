import { expect, test } from 'vitest';
import {
  lineLabels,
  METRIC_NAMES,
  pastQuery,
  promqlString,
} from '../../../../../dashboard/model/history/remote-names.ts';

test('columns are named as Prometheus names metrics', () => {
  expect(METRIC_NAMES.container).toContain('weft_container_memory_working_set_bytes');
  expect(METRIC_NAMES.host).toEqual(
    expect.arrayContaining(['weft_host_load1', 'weft_host_network_receive_bytes_per_second']),
  );
});

test('labels are sorted, and those that are empty are left out', () => {
  const labels = lineLabels('n1/docker/shop/web/1', {
    kind: 'container',
    nodeId: 'n1',
    host: 'h1',
    name: 'web-1',
    image: 'web:2',
    runtime: 'docker',
    project: 'shop',
    service: '',
  });
  expect(labels.map(([name]) => name)).toEqual(['container', 'host', 'node', 'project', 'runtime', 'series']);
});

test('a name that would end the selector stays a string', () => {
  expect(promqlString('a"} or up{x="\\\n')).toBe('"a\\"} or up{x=\\"\\\\\\n"');
  expect(pastQuery({ key: 'n1', kind: 'host' }, ['load1'], 60_000).split(' or ')[0]).toBe(
    'label_replace(min_over_time(weft_host_load1{series="n1"}[60000ms]), "weft_part", "min load1", "", "")',
  );
});
