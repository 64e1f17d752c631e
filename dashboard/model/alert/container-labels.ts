import type { Labels } from './matcher.ts';

/** What the labels of a container, or of its life, are made of. */
export interface LabelSource {
  readonly name: string;
  readonly runtime: string;
  readonly image?: string | undefined;
  readonly labels: Labels;
}

const COMPOSE = {
  compose_project: 'com.docker.compose.project',
  compose_service: 'com.docker.compose.service',
} as const;

/** `label_com_docker_…`, as cAdvisor and Prometheus spell a container's own labels. */
function prefixed(labels: Labels): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [`label_${name.replace(/[^a-zA-Z0-9_]/g, '_')}`, value]),
  );
}

/** The labels of a container that scopes match: what it is known by, and its own as `label_…`. */
export function containerLabels(
  hostName: string,
  { name, runtime, image, labels }: LabelSource,
): Record<string, string> {
  const compose = Object.entries(COMPOSE).flatMap(([label, from]) =>
    Object.hasOwn(labels, from) ? [[label, labels[from] ?? ''] as const] : [],
  );
  const all = { ...prefixed(labels), host: hostName, container: name, runtime, image: image ?? '' };
  return { ...all, ...Object.fromEntries(compose) };
}

interface Made {
  readonly hostName: string;
  readonly name: string;
  readonly runtime: string;
  readonly image: string | undefined;
  readonly own: Labels;
  readonly labels: Labels;
}

/**
 * Labels of containers as scopes match them, made once for each that stays as it is. The same object again says that nothing is
 * different, so whoever derived something from it may keep that.
 */
export class LabelMemo {
  #known: ReadonlyMap<string, Made> = new Map();
  #next = new Map<string, Made>();

  /** Labels of what a key names. */
  of(key: string, hostName: string, source: LabelSource): Labels {
    const known = this.#known.get(key);
    const made = known !== undefined && isSame(known, hostName, source) ? known : make(hostName, source);
    this.#next.set(key, made);
    return made.labels;
  }

  /** Forgets what was not asked for since the last turn. */
  turn(): void {
    this.#known = this.#next;
    this.#next = new Map();
  }
}

function make(hostName: string, source: LabelSource): Made {
  // Its owner may change it in place: what it was made of is noted here.
  const { name, runtime, image, labels } = source;
  return { hostName, name, runtime, image, own: labels, labels: containerLabels(hostName, source) };
}

function isSame(known: Made, hostName: string, { name, runtime, image, labels }: LabelSource): boolean {
  return (
    known.hostName === hostName &&
    known.name === name &&
    known.runtime === runtime &&
    known.image === image &&
    (known.own === labels || sameLabels(known.own, labels))
  );
}

/** Also in the same order: of names that are spelled alike as a label of ours, the last one wins. */
function sameLabels(a: Labels, b: Labels): boolean {
  const names = Object.keys(a);
  const others = Object.keys(b);
  return names.length === others.length && names.every((name, at) => others[at] === name && a[name] === b[name]);
}
