import type { ContainerInventory } from '../../../statsd/wire.ts';

/** What a line of history is of; the same over restarts and re-creations of the container. */
export interface Identity {
  /** `<project>/<service>/<replica>`, or the container's name where nothing says more; unique on its host only with the runtime. */
  readonly name: string;
  readonly project: string | undefined;
  readonly service: string | undefined;
}

/** Labels that name project, service and replica; the first rule whose service label is there wins. */
const RULES = [
  {
    project: 'com.docker.compose.project',
    service: 'com.docker.compose.service',
    replica: 'com.docker.compose.container-number',
  },
  // A task's name is `<service>.<slot>.<task id>`: the slot stays, the id does not.
  { project: 'com.docker.stack.namespace', service: 'com.docker.swarm.service.name', replica: undefined },
  {
    project: 'io.kubernetes.pod.namespace',
    service: 'io.kubernetes.container.name',
    replica: 'io.kubernetes.pod.name',
  },
] as const;

const SWARM_TASK = 'com.docker.swarm.task.name';

function replicaOf(labels: Labels, replica: string | undefined): string {
  const task = labels[SWARM_TASK];
  if (task !== undefined) return task.split('.').at(-2) ?? '1';
  return (replica === undefined ? undefined : labels[replica]) ?? '1';
}

/** Names are the container's owner's to choose: what separates the parts must not be in them. */
const part = (text: string): string => text.replaceAll('/', '_');

type Labels = Readonly<Record<string, string>>;

/** What a container is a part of. */
export type Belonging = Pick<Identity, 'project' | 'service'>;

/** Project and service as the labels tell them. */
export function belongingOf(labels: Labels): Belonging {
  const rule = RULES.find(({ service }) => (labels[service] ?? '') !== '');
  if (rule === undefined) return { project: undefined, service: undefined };
  return { project: labels[rule.project] ?? '', service: labels[rule.service] };
}

/** Who a container is, whatever its id. */
export function identityOf({ name, id, labels }: Pick<ContainerInventory, 'name' | 'id' | 'labels'>): Identity {
  const { project, service } = belongingOf(labels);
  if (project === undefined || service === undefined)
    return { name: part(name === '' ? id : name), project: undefined, service: undefined };
  const rule = RULES.find((candidate) => labels[candidate.service] === service);
  return { name: [project, service, replicaOf(labels, rule?.replica)].map(part).join('/'), project, service };
}

/** The key of a container's line: `<node>/<runtime>/<identity>`. */
export function seriesKey(
  nodeId: string,
  container: Pick<ContainerInventory, 'name' | 'id' | 'labels' | 'runtime'>,
): string {
  return `${nodeId}/${part(container.runtime)}/${identityOf(container).name}`;
}
