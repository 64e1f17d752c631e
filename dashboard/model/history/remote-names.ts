import { COLUMNS_OF, type SeriesKind } from './columns.ts';
import type { SeriesFacts } from './series.ts';

/** `cpuCores` of a container is `weft_container_cpu_cores` in a Prometheus-compatible store. */
export function metricName(kind: SeriesKind, column: string): string {
  return `weft_${kind}_${column.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
}

export const METRIC_NAMES: Readonly<Record<SeriesKind, readonly string[]>> = {
  container: COLUMNS_OF.container.map((column) => metricName('container', column)),
  host: COLUMNS_OF.host.map((column) => metricName('host', column)),
};

/** Labels of a line, sorted by name as the protocol demands; without what changes with each deployment, such as the image. */
export function lineLabels(key: string, facts: SeriesFacts): readonly (readonly [name: string, value: string])[] {
  const labels: readonly (readonly [string, string | undefined])[] = [
    ['container', facts.kind === 'container' ? facts.name : undefined],
    ['host', facts.host],
    ['node', facts.nodeId],
    ['project', facts.project],
    ['runtime', facts.runtime],
    ['series', key],
    ['service', facts.service],
  ];
  return labels.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, value] as const]));
}

/** A string as PromQL writes it. */
export function promqlString(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

/** The label of {@link pastQuery}'s answers that tells which column and which of min, avg and max a series is. */
export const PART_LABEL = 'weft_part';

/** One expression for min, avg and max of some columns of a line, each over `stepMs`. */
export function pastQuery(
  line: { readonly key: string; readonly kind: SeriesKind },
  columns: readonly string[],
  stepMs: number,
): string {
  const selector = `{series=${promqlString(line.key)}}[${stepMs}ms]`;
  return columns
    .flatMap((column) =>
      (['min', 'avg', 'max'] as const).map(
        (part) =>
          `label_replace(${part}_over_time(${metricName(line.kind, column)}${selector}), "${PART_LABEL}", "${part} ${column}", "", "")`,
      ),
    )
    .join(' or ');
}
