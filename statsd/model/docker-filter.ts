import type { ContainerCard } from './container-card.ts';
import { DockerError } from './docker-request.ts';

/** Values by filter name; several values of one name are alternatives, several names all hold. */
export type DockerFilters = ReadonlyMap<string, readonly string[]>;

const MAX_FILTER_TEXT = 4096;
const MAX_VALUES = 100;

/** Docker writes `{"label":{"a":true}}`, old clients `{"label":["a"]}`. */
function valuesOf(found: unknown): string[] | undefined {
  if (Array.isArray(found)) return found.every((value) => typeof value === 'string') ? found : undefined;
  if (typeof found !== 'object' || found === null) return undefined;
  return Object.entries(found).flatMap(([value, wanted]) => (wanted === true ? [value] : []));
}

/** Reads the `filters` of a query. @throws {DockerError} 400 for what is not JSON, and for a name that is not `allowed`. */
export function parseFilters(text: string | null, allowed: readonly string[]): DockerFilters {
  const filters = new Map<string, readonly string[]>();
  if (text === null || text === '') return filters;
  const wrong = (): DockerError =>
    new DockerError(400, `invalid filters ${JSON.stringify(text.slice(0, 120))}: expected a JSON object of lists`);
  if (text.length > MAX_FILTER_TEXT) throw wrong();
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw wrong();
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw wrong();
  for (const [name, found] of Object.entries(parsed)) {
    const values = valuesOf(found);
    if (values === undefined || values.length > MAX_VALUES) throw wrong();
    if (!allowed.includes(name)) throw new DockerError(400, `invalid filter '${name.slice(0, 80)}'`);
    filters.set(name, values);
  }
  return filters;
}

/** `key` or `key=value`. */
export function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const [key = '', value] = wanted.split(/=(.*)/s, 2);
  return Object.hasOwn(labels, key) && (value === undefined || labels[key] === value);
}

/** Whether a container has one of the words of `text` in its name, as docker matches names: anywhere, or `^…$` exactly. */
function nameFits(name: string, wanted: string): boolean {
  const anchored = /^\^?\/?(.*?)(\$?)$/s.exec(wanted);
  const word = anchored?.[1] ?? wanted;
  const [fromStart, toEnd] = [wanted.startsWith('^'), anchored?.[2] === '$'];
  if (fromStart && toEnd) return name === word;
  if (fromStart) return name.startsWith(word);
  return toEnd ? name.endsWith(word) : name.includes(word);
}

export const LIST_FILTERS = ['id', 'name', 'label', 'status', 'ancestor', 'exited', 'health', 'network', 'is-task'];

type Test = (card: ContainerCard, values: readonly string[]) => boolean;

const TESTS: Readonly<Record<string, Test>> = {
  id: (card, values) => values.some((value) => card.dockerId.startsWith(value)),
  name: (card, values) => values.some((value) => nameFits(card.name, value)),
  // Labels all have to fit: docker narrows by each.
  label: (card, values) => values.every((value) => hasLabel(card.labels, value)),
  status: (card, values) => values.includes(card.state),
  ancestor: (card, values) =>
    values.some((value) => card.image === value || card.image?.replace(/:[^:/]*$/, '') === value),
  exited: (card, values) => values.some((value) => card.exit?.exitCode === Number(value)),
  health: (card, values) => values.includes(card.health ?? 'none'),
  // Networks of docker's own are in none of the files that are read.
  network: (card, values) => card.onHostNetwork === true && values.includes('host'),
  'is-task': (card, values) => values.includes(String(Object.hasOwn(card.labels, 'com.docker.swarm.service.name'))),
};

/** Whether a container is in the answer. A filter on what is not known of containers fits none. */
export function fitsFilters(card: ContainerCard, filters: DockerFilters): boolean {
  return [...filters].every(([name, values]) => values.length === 0 || (TESTS[name]?.(card, values) ?? false));
}
