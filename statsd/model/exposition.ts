import type { Measured, MetricType } from './family.ts';
import type { Identity } from './identity.ts';

/** Rendered once per container. */
export interface SeriesLabels {
  /** Without braces, such as `id="/docker/…",name="web",image=""`. */
  readonly labels: string;
  /** What follows each family's name, as UTF-8: an open brace and {@link labels}. */
  readonly opening: Uint8Array;
  /** Further labels of the one series that joins: `container_info`. */
  readonly infoLabels: string;
}

export interface Series extends Measured, SeriesLabels {}

export const seriesLabels = (labels: string, infoLabels: string): SeriesLabels => ({
  labels,
  opening: Buffer.from(`{${labels}`),
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

/** The two lines before a family's series. */
export const headOf = ({ name, help, type }: { name: string; help: string; type: MetricType }): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;

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

export interface OwnMetric extends WrittenMetric {
  readonly values: readonly OwnValue[];
}

/** Label block without braces, or empty, and value; NaN is left out. */
export type OwnValue = readonly [labels: string, value: number];

/** A metric as it is written: its values may be made while they are asked for. */
export interface WrittenMetric {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly values: Iterable<OwnValue>;
}
