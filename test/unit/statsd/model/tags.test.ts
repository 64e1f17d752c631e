import { describe, expect, test } from 'vitest';
import { identityOf } from '../../../../statsd/model/identity.ts';
import { TAG_VARIABLES, tagVariables } from '../../../../statsd/model/tags.ts';

const tagsOf = (
  found: { labels?: Record<string, string>; annotations?: Record<string, string>; variables?: Record<string, string> },
  pathTags: Record<string, string> = {},
): Readonly<Record<string, string>> =>
  identityOf([{ labels: {}, annotations: {}, ...found }], { id: 'c', kind: 'container', labels: [], pathTags }).tags;

describe('tags', () => {
  test.each([
    {
      name: 'compose',
      found: { labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' } },
      want: { compose_project: 'shop', compose_service: 'web' },
    },
    {
      name: 'podman-compose',
      found: { labels: { 'io.podman.compose.project': 'shop', 'io.podman.compose.service': 'web' } },
      want: { compose_project: 'shop', compose_service: 'web' },
    },
    {
      name: 'swarm',
      found: {
        labels: {
          'com.docker.swarm.service.name': 'shop_web',
          'com.docker.swarm.task.name': 'shop_web.1.x',
          'com.docker.stack.namespace': 'shop',
        },
      },
      want: { swarm_service: 'shop_web', swarm_task: 'shop_web.1.x', swarm_stack: 'shop' },
    },
    {
      name: 'Kubernetes, in the words of CRI',
      found: {
        annotations: {
          'io.kubernetes.cri.sandbox-namespace': 'shop',
          'io.kubernetes.cri.sandbox-name': 'web-0',
          'io.kubernetes.cri.container-name': 'app',
        },
      },
      path: { kube_pod_uid: 'u-1' },
      want: { kube_namespace: 'shop', kube_pod: 'web-0', kube_container: 'app', kube_pod_uid: 'u-1' },
    },
    {
      name: 'Nomad, a task of docker',
      found: { labels: { 'com.hashicorp.nomad.job_name': 'shop', 'com.hashicorp.nomad.alloc_id': 'a-1' } },
      want: { nomad_job: 'shop', nomad_alloc: 'a-1' },
    },
    {
      name: 'Nomad, a process: the environment knows more than the path',
      found: { variables: { NOMAD_JOB_NAME: 'shop', NOMAD_TASK_NAME: 'web' } },
      path: { nomad_alloc: 'a-1', nomad_task: 'x' },
      want: { nomad_job: 'shop', nomad_task: 'web', nomad_alloc: 'a-1' },
    },
    {
      name: 'Marathon',
      found: { variables: { MARATHON_APP_ID: '/shop/web', MESOS_TASK_ID: 'shop_web.1' } },
      want: { marathon_app: '/shop/web', mesos_task: 'shop_web.1' },
    },
    {
      name: 'ECS',
      found: {
        labels: {
          'com.amazonaws.ecs.cluster': 'prod',
          'com.amazonaws.ecs.task-arn': 'arn:aws:ecs:eu-west-1:1:task/prod/0f3c',
          'com.amazonaws.ecs.task-definition-family': 'shop',
        },
      },
      want: { ecs_cluster: 'prod', ecs_task_family: 'shop', ecs_task: '0f3c' },
    },
    { name: 'nothing', found: {}, want: {} },
    { name: 'blank values are none', found: { labels: { 'com.docker.compose.project': ' \n' } }, want: {} },
  ])('$name', ({ found, path, want }) => {
    expect(tagsOf(found, path)).toEqual(want);
  });

  test('values are bounded and clean', () => {
    const { compose_project } = tagsOf({ labels: { 'com.docker.compose.project': `a\u0000${'b'.repeat(999)}` } });
    expect(compose_project).toBe(`a${'b'.repeat(255)}`);
  });
});

test('of an environment only the known variables are kept', () => {
  expect(TAG_VARIABLES.size).toBeGreaterThan(5);
  expect(tagVariables(['NOMAD_JOB_NAME=a=b', 'PASSWORD=x', 'NOMAD_JOB_NAME', '=', '', '__proto__=y'])).toEqual({
    NOMAD_JOB_NAME: 'a=b',
  });
});
