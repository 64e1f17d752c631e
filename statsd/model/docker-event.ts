import type { ContainerCard } from './container-card.ts';
import { hasLabel, withoutTag, type DockerFilters } from './docker-filter.ts';
import type { Health } from './identity.ts';

export type DockerAction =
  'create' | 'start' | 'pause' | 'unpause' | `health_status: ${Health}` | 'oom' | 'die' | 'destroy' | 'rename';

/** Something that happened to a container. */
export interface ContainerEvent {
  readonly action: DockerAction;
  readonly card: ContainerCard;
  readonly atUnixMs: number;
  /** Its name before a rename. */
  readonly oldName?: string;
}

/** These write how a container ended, soon after its end. */
const WRITE_EXITS: ReadonlySet<string> = new Set(['docker', 'podman', 'cri-o']);

/** Whether an end that nobody has told the exit code of is about to be told it. */
export const willTellExit = ({ runtime, exit }: ContainerCard): boolean =>
  exit?.exitCode === undefined && WRITE_EXITS.has(runtime);

/** What became of a container that lives, in docker's words. */
export function changesOf(before: ContainerCard, now: ContainerCard): DockerAction[] {
  const changes: DockerAction[] = [];
  if (before.state === 'running' && now.state === 'paused') changes.push('pause');
  if (before.state === 'paused' && now.state === 'running') changes.push('unpause');
  if (now.health !== undefined && now.health !== 'starting' && now.health !== before.health)
    changes.push(`health_status: ${now.health}`);
  return changes;
}

/** What is told of a container when it becomes known: also what it became before anybody could have told. */
export const beginningOf = (card: ContainerCard): DockerAction[] => [
  'start',
  ...changesOf({ ...card, state: 'running', health: undefined }, card),
];

/** One line of `GET /events`. */
export function eventObject(event: ContainerEvent): object {
  const { action, card, atUnixMs, oldName } = event;
  const image = card.image ?? '';
  const exitCode = card.exit?.exitCode;
  return {
    status: action,
    id: card.dockerId,
    from: image,
    Type: 'container',
    Action: action,
    Actor: {
      ID: card.dockerId,
      Attributes: {
        ...card.labels,
        image,
        name: card.name,
        ...(oldName === undefined ? {} : { oldName: `/${oldName}` }),
        // Not made up where the runtime has not told it (yet).
        ...(action === 'die' && exitCode !== undefined ? { exitCode: String(exitCode) } : {}),
      },
    },
    scope: 'local',
    time: Math.floor(atUnixMs / 1000),
    // Beyond 2^53, so whole microseconds are the most that a number holds; clients read it as int64.
    timeNano: Math.floor(atUnixMs * 1000) * 1000,
  };
}

type Test = (event: ContainerEvent, values: readonly string[]) => boolean;

const TESTS: Readonly<Record<string, Test>> = {
  type: (_event, values) => values.includes('container'),
  scope: (_event, values) => values.includes('local'),
  // `health_status` is each of its kinds.
  event: ({ action }, values) => values.includes(action) || values.includes(action.replace(/:.*/, '')),
  // By the beginning of either, as docker.
  container: ({ card }, values) =>
    values.some((value) => card.dockerId.startsWith(value) || card.name.startsWith(value)),
  label: ({ card }, values) => values.every((value) => hasLabel(card.labels, value)),
  image: ({ card: { image } }, values) =>
    image !== undefined && values.some((value) => value === image || value === withoutTag(image)),
};
/** Filters on what is no container. */
const NO_CONTAINER: ReadonlySet<string> = new Set([
  'daemon',
  'network',
  'volume',
  'plugin',
  'node',
  'service',
  'secret',
  'config',
]);

/** Whether a client asked for an event. Filters on what is no container fit none; names that docker does not know count for nothing. */
export function eventFits(event: ContainerEvent, filters: DockerFilters): boolean {
  return [...filters].every(([name, values]) => {
    if (values.length === 0 || NO_CONTAINER.has(name)) return values.length === 0;
    return !Object.hasOwn(TESTS, name) || TESTS[name]?.(event, values) === true;
  });
}
