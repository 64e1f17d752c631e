import { createdAt, findCard, type ContainerCard } from './container-card.ts';
import { hasLabel, invalidValue, withoutTag, type DockerFilters } from './docker-filter.ts';
import { portFits, portRangeOf } from './docker-ports.ts';

type Fits = (card: ContainerCard) => boolean;

/** Whom a question is about, and what the expressions of its filter `name` say. */
interface Asked {
  readonly cards: readonly ContainerCard[];
  readonly fitsName: (name: string) => boolean;
}

/** Makes a test of a filter's values, of which there is at least one. @throws {DockerError} 400 and 404 for values it cannot have. */
type Maker = (values: readonly string[], asked: Asked) => Fits;

const STATES: ReadonlySet<string> = new Set([
  'created',
  'running',
  'paused',
  'restarting',
  'removing',
  'exited',
  'dead',
]);
const HEALTH: ReadonlySet<string> = new Set(['none', 'starting', 'healthy', 'unhealthy']);

const taskWords: Readonly<Record<string, boolean>> = { true: true, '1': true, false: false, '0': false };

function isTask(values: readonly string[]): Fits {
  const wanted = new Set(values.map((value) => (Object.hasOwn(taskWords, value) ? taskWords[value] : undefined)));
  const [only] = wanted;
  if (wanted.size !== 1 || only === undefined) throw invalidValue('is-task', values.join(','), 'true or false');
  return ({ labels }) => Object.hasOwn(labels, 'com.docker.swarm.service.name') === only;
}

/** As people write an image and as it is kept: `nginx` is `docker.io/library/nginx:latest`. */
function wholeName(image: string): string {
  const named = image.replace(/^docker\.io\//, '').replace(/^library\//, '');
  return withoutTag(named) === named && !named.includes('@') ? `${named}:latest` : named;
}

const idFits = (imageId: string | undefined, wanted: string): boolean =>
  imageId !== undefined && /^[0-9a-f]{4,64}$/.test(wanted) && imageId.replace(/^sha256:/, '').startsWith(wanted);

/** By image; docker goes by the image's id, so that all its names fit. What images are made of is in no file that is read. */
function ancestor(values: readonly string[], { cards }: Asked): Fits {
  const names = new Set(values.map(wholeName));
  const isNamed = ({ image, imageId }: ContainerCard): boolean =>
    (image !== undefined && names.has(wholeName(image))) ||
    values.some((value) => idFits(imageId, value.replace(/^sha256:/, '')));
  const ids = new Set(cards.filter(isNamed).flatMap(({ imageId }) => imageId ?? []));
  return (card) => isNamed(card) || (card.imageId !== undefined && ids.has(card.imageId));
}

function exitCode(value: string): number {
  if (!/^[+-]?\d{1,9}$/.test(value)) throw invalidValue('exited', value, 'an exit code');
  return Number(value);
}

function known(name: string, words: ReadonlySet<string>, values: readonly string[]): void {
  const wrong = values.find((value) => !words.has(value));
  if (wrong !== undefined) throw invalidValue(name, wrong);
}

/** Compares the times of creation with those of the containers named; one whose time is not known fits none. */
const byCreation =
  (isFit: (time: number, than: number) => boolean): Maker =>
  (values, { cards }) => {
    const times = values.map((value) => createdAt(findCard(cards, value)) ?? Number.NaN);
    return (card) => times.every((than) => isFit(createdAt(card) ?? Number.NaN, than));
  };

const MAKERS: Readonly<Record<string, Maker>> = {
  id:
    (values) =>
    ({ dockerId }) =>
      values.some((value) => dockerId.startsWith(value)),
  // Docker's names begin with a slash, and are matched with it and without.
  name:
    (_values, { fitsName }) =>
    ({ name }) =>
      fitsName(name) || fitsName(`/${name}`),
  // Labels all have to fit: docker narrows by each.
  label:
    (values) =>
    ({ labels }) =>
      values.every((value) => hasLabel(labels, value)),
  status: (values) => {
    known('status', STATES, values);
    return ({ state }) => values.includes(state);
  },
  health: (values) => {
    known('health', HEALTH, values);
    return ({ health }) => values.includes(health ?? 'none');
  },
  exited: (values) => {
    const codes = values.map(exitCode);
    return ({ exit }) => exit?.exitCode !== undefined && codes.includes(exit.exitCode);
  },
  ancestor,
  'is-task': isTask,
  // What Windows has; everything else fits.
  isolation: () => () => true,
  since: byCreation((time, than) => time > than),
  before: byCreation((time, than) => time < than),
  volume:
    (values) =>
    ({ attachments }) =>
      attachments?.volumes.some((volume) => values.includes(volume)) === true,
  network:
    (values) =>
    ({ attachments, onHostNetwork }) =>
      (onHostNetwork === true && values.includes('host')) ||
      attachments?.networks.some(
        ({ name, id }) => values.includes(name) || values.some((value) => value !== '' && id.startsWith(value)),
      ) === true,
};

/** Docker takes a container that fits either; so both are one test. */
function ports(filters: DockerFilters): Fits | undefined {
  const publish = (filters.get('publish') ?? []).map((value) => portRangeOf('publish', value));
  const expose = (filters.get('expose') ?? []).map((value) => portRangeOf('expose', value));
  if (publish.length + expose.length === 0) return undefined;
  return ({ attachments, exit }) =>
    // What does not run has no ports.
    exit === undefined && attachments?.ports.some((port) => portFits(port, publish, expose)) === true;
}

export const LIST_FILTERS: ReadonlySet<string> = new Set([...Object.keys(MAKERS), 'publish', 'expose']);

export interface ListQuery {
  readonly all: boolean;
  /** 0 for no limit. */
  readonly limit: number;
  readonly filters: DockerFilters;
  /** Whether one of the expressions of the filter `name` fits. */
  readonly fitsName: (name: string) => boolean;
}

/**
 * The containers that a client asked for, the youngest first. A filter on what is not known of a container does not fit it.
 * @throws {DockerError} 400 and 404 for values that a filter cannot have.
 */
export function listed(cards: readonly ContainerCard[], query: ListQuery): ContainerCard[] {
  const { all, limit, filters, fitsName } = query;
  const tests = [...filters].flatMap(([name, values]) =>
    values.length === 0 ? [] : (MAKERS[name]?.(values, { cards, fitsName }) ?? []),
  );
  const portTest = ports(filters);
  if (portTest !== undefined) tests.push(portTest);
  // As docker: a filter on the state, or a limit, looks at all.
  const looksAtAll = all || limit > 0 || (filters.get('status') ?? []).length > 0;
  const found = cards
    .filter((card) => (looksAtAll || card.exit === undefined) && tests.every((fits) => fits(card)))
    .toSorted((a, b) => (createdAt(b) ?? 0) - (createdAt(a) ?? 0));
  return limit > 0 ? found.slice(0, limit) : found;
}
