import { cleanText } from './text.ts';

/** Where a tag's value may be: labels and annotations first, in this order, then variables of the environment. */
interface TagSource {
  readonly keys: readonly string[];
  readonly variables?: readonly string[];
  readonly value?: (text: string) => string | undefined;
}

/** `arn:aws:ecs:eu-west-1:1234:task/shop/0f3c` gives `0f3c`. */
const afterLastSlash = (text: string): string => text.slice(text.lastIndexOf('/') + 1);

/**
 * What a container belongs to, in the words that stats tools tag by. Sources: compose, swarm, the kubelet and CRI, Nomad's
 * docker driver and task environment, Marathon's task environment, the ECS agent.
 */
const TAGS: Readonly<Record<string, TagSource>> = {
  compose_project: { keys: ['com.docker.compose.project', 'io.podman.compose.project'] },
  compose_service: { keys: ['com.docker.compose.service', 'io.podman.compose.service'] },
  swarm_service: { keys: ['com.docker.swarm.service.name'] },
  swarm_task: { keys: ['com.docker.swarm.task.name'] },
  swarm_stack: { keys: ['com.docker.stack.namespace'] },
  kube_namespace: { keys: ['io.kubernetes.pod.namespace', 'io.kubernetes.cri.sandbox-namespace'] },
  kube_pod: { keys: ['io.kubernetes.pod.name', 'io.kubernetes.cri.sandbox-name'] },
  kube_container: { keys: ['io.kubernetes.container.name', 'io.kubernetes.cri.container-name'] },
  kube_pod_uid: { keys: ['io.kubernetes.pod.uid', 'io.kubernetes.cri.sandbox-uid'] },
  nomad_job: { keys: ['com.hashicorp.nomad.job_name'], variables: ['NOMAD_JOB_NAME', 'NOMAD_JOB_ID'] },
  nomad_group: { keys: ['com.hashicorp.nomad.task_group_name'], variables: ['NOMAD_GROUP_NAME'] },
  nomad_task: { keys: ['com.hashicorp.nomad.task_name'], variables: ['NOMAD_TASK_NAME'] },
  nomad_namespace: { keys: ['com.hashicorp.nomad.namespace'], variables: ['NOMAD_NAMESPACE'] },
  nomad_alloc: { keys: ['com.hashicorp.nomad.alloc_id'], variables: ['NOMAD_ALLOC_ID'] },
  marathon_app: { keys: ['MARATHON_APP_ID'], variables: ['MARATHON_APP_ID'] },
  mesos_task: { keys: ['MESOS_TASK_ID'], variables: ['MESOS_TASK_ID'] },
  ecs_cluster: { keys: ['com.amazonaws.ecs.cluster'] },
  ecs_container: { keys: ['com.amazonaws.ecs.container-name'] },
  ecs_task_family: { keys: ['com.amazonaws.ecs.task-definition-family'] },
  ecs_task: { keys: ['com.amazonaws.ecs.task-arn'], value: afterLastSlash },
};

/** The only environment variables that are ever looked at; everything else there may be a secret. */
export const TAG_VARIABLES: ReadonlySet<string> = new Set(
  Object.values(TAGS).flatMap(({ variables = [] }) => variables),
);

/** Of `NAME=value` entries, those that tags are made of. */
export function tagVariables(entries: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of entries) {
    const equals = entry.indexOf('=');
    const name = entry.slice(0, Math.max(0, equals));
    if (TAG_VARIABLES.has(name)) found[name] = entry.slice(equals + 1);
  }
  return found;
}

export interface TagParts {
  /** The first text that any label or annotation of these keys has, cleaned. */
  readonly textOf: (keys: readonly string[]) => string | undefined;
  readonly variables: readonly Readonly<Record<string, string>>[];
  /** What the cgroup path tells; labels know better. */
  readonly path: Readonly<Record<string, string>>;
}

/** Every tag that anything tells, in the order of the table. */
export function tagsOf({ textOf, variables, path }: TagParts): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const [tag, source] of Object.entries(TAGS)) {
    const fromVariables = (source.variables ?? []).flatMap((name) => variables.flatMap((record) => record[name] ?? []));
    const text = textOf(source.keys) ?? fromVariables[0] ?? path[tag];
    const value = text === undefined ? '' : cleanText(source.value?.(text) ?? text).trim();
    if (value !== '') tags[tag] = value;
  }
  return tags;
}
