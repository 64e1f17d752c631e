import { cleanText } from './text.ts';

/** What files say of a container, as found there: nothing is trusted, bounded or cleaned yet. */
export interface RawMetadata {
  /** Whose files these are, for a cgroup path that did not tell. */
  readonly runtime?: string | undefined;
  /** The name that the runtime's user gave, such as docker's; not an id. */
  readonly runtimeName?: string | undefined;
  readonly image?: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly startedAtUnixMs?: number | undefined;
}

/** A container as people know it; every string bounded and cleaned. */
export interface Identity {
  readonly name: string;
  readonly image: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly startedAtUnixMs: number | undefined;
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

/** Merges what was found, the earlier source first, and keeps of the labels those on the list. */
export function identityOf(
  sources: readonly RawMetadata[],
  facts: { readonly id: string; readonly labels: readonly string[] },
): Identity {
  const annotated = sources.flatMap((source) => [source.annotations, source.labels]);
  const valuesOf = (key: string): (string | undefined)[] => annotated.map((record) => own(record, key));
  const labels: Record<string, string> = {};
  for (const key of facts.labels) {
    const aliases = Object.keys(LABEL_OF_ANNOTATION).filter((name) => LABEL_OF_ANNOTATION[name] === key);
    const value = firstText([key, ...aliases].flatMap(valuesOf));
    if (value !== undefined) labels[cleanText(key, 128)] = value;
  }
  return {
    name:
      firstText(NAME_KEYS.flatMap(valuesOf)) ??
      firstText(sources.map((source) => source.runtimeName?.replace(/^\//, ''))) ??
      cleanText(facts.id),
    image: firstText([...sources.map((source) => source.image), ...IMAGE_KEYS.flatMap(valuesOf)]),
    labels,
    startedAtUnixMs: sources.map((source) => source.startedAtUnixMs).find((value) => value !== undefined),
  };
}
