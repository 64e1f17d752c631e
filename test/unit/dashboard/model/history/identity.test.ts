import { expect, test } from 'vitest';
import { seriesKey } from '../../../../../dashboard/model/history/identity.ts';
import { aContainer } from '../../builders.ts';

test.each([
  { name: 'a plain container is its name', labels: {}, want: 'n1/runc/api' },
  {
    name: 'compose: project, service and number',
    labels: {
      'com.docker.compose.project': 'shop',
      'com.docker.compose.service': 'web',
      'com.docker.compose.container-number': '2',
    },
    want: 'n1/runc/shop/web/2',
  },
  {
    name: 'swarm: the slot stays and the task id does not',
    labels: {
      'com.docker.stack.namespace': 'shop',
      'com.docker.swarm.service.name': 'shop_web',
      'com.docker.swarm.task.name': 'shop_web.3.k2x9',
    },
    want: 'n1/runc/shop/shop_web/3',
  },
  {
    name: 'kubernetes: namespace, container and pod',
    labels: {
      'io.kubernetes.pod.namespace': 'prod',
      'io.kubernetes.container.name': 'db',
      'io.kubernetes.pod.name': 'db-0',
    },
    want: 'n1/runc/prod/db/db-0',
  },
  { name: 'a service without a name is none', labels: { 'com.docker.compose.service': '' }, want: 'n1/runc/api' },
  {
    name: 'a name that looks like a path is one part',
    labels: { 'com.docker.compose.service': '../n2/x' },
    want: 'n1/runc//.._n2_x/1',
  },
])('$name', ({ labels, want }) => {
  expect(seriesKey('n1', aContainer('api', { labels }))).toBe(want);
});

test('a container without a name is its id', () => {
  expect(seriesKey('n1', aContainer('', { id: 'abc' }))).toBe('n1/runc/abc');
});
