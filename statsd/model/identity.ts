import { boundedAttachments, type Attachments } from './attachments.ts';
import type { ContainerKind } from './container.ts';
import { tagsOf } from './tags.ts';
import { cleanText } from './text.ts';

/** As docker and podman count it; a container without a health check has none of these. */
export type Health = 'starting' | 'healthy' | 'unhealthy';

/** What files say of a container, as found there: nothing is trusted, bounded or cleaned yet. */
export interface RawMetadata {
  /** Whose files these are, for a cgroup path that did not tell. */
  readonly runtime?: string | undefined;
  /** The name that the runtime's user gave, such as docker's; not an id. */
  readonly runtimeName?: string | undefined;
  readonly image?: string | undefined;
  readonly imageId?: string | undefined;
  /** The program, without its arguments, which may hold secrets. */
  readonly program?: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Only the variables of {@link TAG_VARIABLES}; the others may hold secrets and are never kept. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
  readonly createdAtUnixMs?: number | undefined;
  readonly startedAtUnixMs?: number | undefined;
  readonly restartCount?: number | undefined;
  readonly health?: Health | undefined;
  readonly attachments?: Attachments | undefined;
}

/** A container as people know it; every string bounded and cleaned. Replaced whole when files tell more. */
export interface Identity {
  readonly kind: ContainerKind;
  readonly name: string;
  readonly image: string | undefined;
  readonly imageId: string | undefined;
  readonly program: string | undefined;
  /** Those on the allow-list. */
  readonly labels: Readonly<Record<string, string>>;
  /** What it belongs to, in short words: `compose_project`, `kube_namespace`, `nomad_job`; see model/tags.ts. */
  readonly tags: Readonly<Record<string, string>>;
  readonly createdAtUnixMs: number | undefined;
  readonly startedAtUnixMs: number | undefined;
  /** How often its runtime started it again; a value, never a label. */
  readonly restartCount: number | undefined;
  readonly health: Health | undefined;
  /** `undefined` where no file of docker's form tells. */
  readonly attachments?: Attachments | undefined;
}

const NAME_KEYS = [
  'io.kubernetes.cri.container-name',
  'io.kubernetes.container.name',
  'nerdctl/name',
  'org.weft.container.name',
];
const IMAGE_KEYS = [
  'org.opencontainers.image.ref.name',
  'io.kubernetes.cri.image-name',
  'io.kubernetes.cri-o.ImageName',
  'io.kubernetes.container.image',
];
const RESTART_KEYS = ['io.kubernetes.container.restartCount', 'annotation.io.kubernetes.container.restartCount'];

/** Keys by which a runtime tells the container that only holds a pod's namespaces, and the value that says so. */
const SANDBOX_MARKS: readonly (readonly [key: string, value: string])[] = [
  ['io.kubernetes.cri.container-type', 'sandbox'],
  ['io.kubernetes.cri-o.ContainerType', 'sandbox'],
  ['io.kubernetes.docker.type', 'podsandbox'],
];

/** CRI names the pod in its own words; here it gets the labels that everybody selects by. */
const LABEL_OF_ANNOTATION: Readonly<Record<string, string>> = {
  'io.kubernetes.cri.container-name': 'io.kubernetes.container.name',
  'io.kubernetes.cri.sandbox-name': 'io.kubernetes.pod.name',
  'io.kubernetes.cri.sandbox-namespace': 'io.kubernetes.pod.namespace',
  'io.kubernetes.cri.sandbox-uid': 'io.kubernetes.pod.uid',
};

/** Labels that are told to dashboards; they group what belongs together. */
export const WELL_KNOWN_LABELS: readonly string[] = [
  'com.docker.compose.project',
  'com.docker.compose.service',
  'com.docker.swarm.service.name',
  'io.kubernetes.container.name',
  'io.kubernetes.pod.name',
  'io.kubernetes.pod.namespace',
];

const MAX_LABELS = 64;
const MAX_LABEL_KEY = 128;

function firstText(texts: readonly (string | undefined)[]): string | undefined {
  for (const text of texts) {
    const clean = text === undefined ? '' : cleanText(text).trim();
    if (clean !== '') return clean;
  }
  return undefined;
}

/** Own properties only: a label may be called `__proto__` or `constructor`. */
const own = (record: Readonly<Record<string, string>>, key: string): string | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined;

/** What any source has for a label or annotation, on the allow-list or not. */
export function labelIn(sources: readonly RawMetadata[], key: string): string | undefined {
  return firstText(sources.flatMap(({ annotations, labels }) => [own(annotations, key), own(labels, key)]));
}

/** Whether two say the same. */
export const sameIdentity = (a: Identity, b: Identity): boolean => JSON.stringify(a) === JSON.stringify(b);

function firstKnown<T>(values: readonly (T | undefined)[]): T | undefined {
  return values.find((value) => value !== undefined);
}

/** The keys of an allow-list, in its order; `prefix*` stands for all that the sources have. */
export function allowedKeys(
  allowed: readonly string[],
  records: readonly Readonly<Record<string, string>>[],
): Set<string> {
  const all = records.flatMap((record) => Object.keys(record));
  const keysOf = (entry: string): string[] =>
    entry.endsWith('*') ? all.filter((key) => key.startsWith(entry.slice(0, -1))) : [entry];
  return new Set(allowed.flatMap(keysOf));
}

export interface IdentityFacts {
  readonly id: string;
  /** What the cgroup path tells. */
  readonly kind: ContainerKind;
  /** What the cgroup path tells, for runtimes that name a cgroup by its container's name. */
  readonly pathName?: string | undefined;
  readonly pathTags?: Readonly<Record<string, string>> | undefined;
  /** Allow-list of label keys; `prefix*` allows many. */
  readonly labels: readonly string[];
}

type TextOf = (keys: readonly string[]) => string | undefined;

function labelsOf(keys: Iterable<string>, textOf: TextOf): Record<string, string> {
  const labels: Record<string, string> = {};
  let kept = 0;
  for (const key of keys) {
    const aliases = Object.keys(LABEL_OF_ANNOTATION).filter((name) => LABEL_OF_ANNOTATION[name] === key);
    const value = textOf([key, ...aliases]);
    const name = cleanText(key, MAX_LABEL_KEY);
    if (value === undefined || name === '' || name === '__proto__') continue;
    labels[name] = value;
    kept += 1;
    if (kept === MAX_LABELS) break;
  }
  return labels;
}

function restartCountOf(sources: readonly RawMetadata[], textOf: TextOf): number | undefined {
  const text = textOf(RESTART_KEYS);
  return (
    firstKnown(sources.map((source) => source.restartCount)) ??
    (text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined)
  );
}

/** Merges what was found, the earlier source first, and keeps of the labels those on the list. */
export function identityOf(sources: readonly RawMetadata[], facts: IdentityFacts): Identity {
  const annotated = sources.flatMap((source) => [source.annotations, source.labels]);
  const valuesOf = (key: string): (string | undefined)[] => annotated.map((record) => own(record, key));
  const textOf: TextOf = (keys) => firstText(keys.flatMap(valuesOf));
  const isSandbox = SANDBOX_MARKS.some(([key, value]) => valuesOf(key).includes(value));
  const attachments = firstKnown(sources.map((source) => source.attachments));
  const runtimeName = firstText(sources.map((source) => source.runtimeName?.replace(/^\//, '')));
  return {
    kind: isSandbox ? 'sandbox' : facts.kind,
    name: textOf(NAME_KEYS) ?? runtimeName ?? firstText([facts.pathName]) ?? cleanText(facts.id),
    image: firstText(sources.map((source) => source.image)) ?? textOf(IMAGE_KEYS),
    imageId: firstText(sources.map((source) => source.imageId)),
    program: firstText(sources.map((source) => source.program)),
    labels: labelsOf(allowedKeys(facts.labels, annotated), textOf),
    tags: tagsOf({ textOf, variables: sources.map((source) => source.variables ?? {}), path: facts.pathTags ?? {} }),
    createdAtUnixMs: firstKnown(sources.map((source) => source.createdAtUnixMs)),
    startedAtUnixMs: firstKnown(sources.map((source) => source.startedAtUnixMs)),
    restartCount: restartCountOf(sources, textOf),
    health: firstKnown(sources.map((source) => source.health)),
    ...(attachments === undefined ? {} : { attachments: boundedAttachments(attachments) }),
  };
}
