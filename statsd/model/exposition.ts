import type { Family, Measured, MetricType } from './family.ts';
import type { Identity } from './identity.ts';

/** Rendered once per container. */
export interface SeriesLabels {
  /** Without braces, such as `id="/docker/…",name="web",image=""`. */
  readonly labels: string;
  /** What stands between a family's name and the value where there are no further labels. */
  readonly block: string;
  /** Further labels of the one series that joins: `container_info`. */
  readonly infoLabels: string;
}

export interface Series extends Measured, SeriesLabels {}

/** `join` makes one piece: V8 keeps what `+` made as its parts, and would walk through all of them for each of 25 lines. */
export const seriesLabels = (labels: string, infoLabels: string): SeriesLabels => ({
  labels,
  block: ['{', labels, '} '].join(''),
  infoLabels,
});

/** A label value between quotes: backslash, quote and newline escaped. */
export function escapeLabelValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

const sanitised = (text: string): string => text.replace(/[^a-zA-Z0-9_]/g, '_');

/** What Prometheus allows in a label's name; the rest becomes `_`, as in cAdvisor. */
export function labelName(text: string): string {
  return `container_label_${sanitised(text)}`;
}

type Pair = readonly [name: string, value: string];

/** Renders pairs; of two whose names became the same, the first stands, and an empty value is no label. */
function labelsText(pairs: readonly Pair[], taken: Set<string>): string {
  let text = '';
  for (const [name, value] of pairs) {
    if (value === '' || taken.has(name)) continue;
    taken.add(name);
    text += `${text === '' ? '' : ','}${name}="${escapeLabelValue(value)}"`;
  }
  return text;
}

export interface LabelledContainer extends Pick<Identity, 'kind' | 'name' | 'image' | 'imageId' | 'labels' | 'tags'> {
  readonly cgroupPath: string;
  readonly runtime: string;
}

/** In the kubelet's words, for dashboards made for it. */
const POD_LABELS: readonly (readonly [label: string, tag: string])[] = [
  ['namespace', 'kube_namespace'],
  ['pod', 'kube_pod'],
  ['container', 'kube_container'],
];

/** The label blocks of one container: those of every series, and the further ones of `container_info`. */
export function containerLabels(container: LabelledContainer, allowed: readonly string[]): SeriesLabels {
  const { cgroupPath, name, image = '', labels, tags } = container;
  const base = `id="${escapeLabelValue(cgroupPath)}",name="${escapeLabelValue(name)}",image="${escapeLabelValue(image)}"`;
  const taken = new Set(['id', 'name', 'image']);
  const valueOf = (key: string): string => (Object.hasOwn(labels, key) ? (labels[key] ?? '') : '');
  const own = labelsText(
    [
      ...POD_LABELS.map(([label, tag]): Pair => [label, tags[tag] ?? '']),
      ...allowed.map((key): Pair => [labelName(key), valueOf(key)]),
    ],
    taken,
  );
  const info = labelsText(
    [
      ['runtime', container.runtime],
      ['kind', container.kind],
      ['image_id', container.imageId ?? ''],
      ...Object.entries(tags).map(([tag, value]): Pair => [sanitised(tag), value]),
      ...Object.entries(labels).map(([key, value]): Pair => [labelName(key), value]),
    ],
    taken,
  );
  return seriesLabels(own === '' ? base : `${base},${own}`, info);
}

/** A number as the text format writes it. */
export function numberText(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return String(value);
}

/** The two lines before a family's series. */
export const headOf = ({ name, help, type }: { name: string; help: string; type: MetricType }): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;

function seriesText({ name, value, points }: Family, one: Series): string {
  if (value !== undefined) {
    const number = value(one.sample);
    return Number.isNaN(number) ? '' : name + one.block + numberText(number) + '\n';
  }
  let text = '';
  for (const [extra, number] of points?.(one) ?? [])
    if (!Number.isNaN(number))
      text += name + (extra === '' ? one.block : `{${one.labels},${extra}} `) + numberText(number) + '\n';
  return text;
}

/** Containers that are rendered before the event loop runs again. */
const SLICE = 250;

function* inSlices(head: string, all: readonly Series[], textOf: (one: Series) => string): Generator<string> {
  let text = '';
  let begun = false;
  for (const [index, one] of all.entries()) {
    text += textOf(one);
    if (text === '' || ((index + 1) % SLICE !== 0 && index + 1 < all.length)) continue;
    yield begun ? text : head + text;
    begun = true;
    text = '';
  }
}

/**
 * The container families in slices, so that the event loop runs in between. What is unknown is left out. The order is that of
 * the families, then of the containers, and the same at each scrape.
 */
export function* renderContainers(all: readonly Series[], families: readonly Family[]): Generator<string> {
  for (const family of families) yield* inSlices(headOf(family), all, (one) => seriesText(family, one));
  const info = {
    name: 'container_info',
    help: 'What a container is and belongs to, to join with.',
    type: 'gauge',
  } as const;
  yield* inSlices(headOf(info), all, ({ labels, infoLabels }) =>
    infoLabels === '' ? '' : `container_info{${labels},${infoLabels}} 1\n`,
  );
}

export interface Bounded {
  readonly shown: readonly Series[];
  /** Series, as an upper bound, of the containers that are not shown. */
  readonly dropped: number;
}

/** The first containers whose series fit; a container is shown whole or not at all. */
export function boundSeries(all: readonly Series[], max: number, boundOf: (one: Series) => number): Bounded {
  let sum = 0;
  let shown = 0;
  let dropped = 0;
  for (const one of all) {
    const bound = boundOf(one);
    if (dropped === 0 && sum + bound <= max) shown += 1;
    else dropped += bound;
    sum += bound;
  }
  return { shown: shown === all.length ? all : all.slice(0, shown), dropped };
}

export interface OwnMetric {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** Label block without braces, or empty, and value; NaN is left out. */
  readonly values: readonly (readonly [labels: string, value: number])[];
}

/** Metrics that are not of one container: the agent's and the machine's own. */
export function renderOwn(metrics: readonly OwnMetric[]): string {
  return metrics
    .map((metric) => {
      const known = metric.values.filter(([, value]) => !Number.isNaN(value));
      if (known.length === 0) return '';
      const lines = known.map(
        ([labels, value]) => `${metric.name}${labels === '' ? '' : `{${labels}}`} ${numberText(value)}\n`,
      );
      return headOf(metric) + lines.join('');
    })
    .join('');
}
