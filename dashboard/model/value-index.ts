import { FILTER_FIELDS, type FilterField, type FilterSubject } from './filter.ts';

type Counts = ReadonlyMap<string, number>;

/** Every value that containers have now, with the number of those that have it. */
export interface ValueIndex {
  /** The names of labels for `label`. */
  readonly fields: Readonly<Record<FilterField, Counts>>;
  /** Values by name of a label. */
  readonly labels: ReadonlyMap<string, Counts>;
}

/** Names and values of labels that are offered: their owners may make up any number. */
const MOST_VALUES = 10_000;

function count(counts: Map<string, number>, value: string | undefined): void {
  if (value === undefined || value === '') return;
  if (counts.size < MOST_VALUES || counts.has(value)) counts.set(value, (counts.get(value) ?? 0) + 1);
}

/** Counts the values of these containers. */
export function indexValues(subjects: Iterable<Omit<FilterSubject, 'value'>>): ValueIndex {
  const fields = Object.fromEntries(FILTER_FIELDS.map((field) => [field, new Map<string, number>()])) as Record<
    FilterField,
    Map<string, number>
  >;
  const labels = new Map<string, Map<string, number>>();
  for (const subject of subjects) {
    count(fields.state, subject.health);
    for (const field of FILTER_FIELDS) if (field !== 'label') count(fields[field], subject[field]);
    for (const [name, value] of Object.entries(subject.labels)) {
      count(fields.label, name);
      const values = labels.get(name) ?? new Map<string, number>();
      if (labels.size < MOST_VALUES) labels.set(name, values);
      count(values, value);
    }
  }
  return { fields, labels };
}
