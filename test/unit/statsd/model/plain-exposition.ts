import { headOf, type Series } from '../../../../statsd/model/exposition.ts';
import type { Family, Point } from '../../../../statsd/model/family.ts';

const INFO = {
  name: 'container_info',
  help: 'What a container is and belongs to, to join with.',
  type: 'gauge',
} as const;

function numeral(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}

function familyText(
  head: Pick<Family, 'name' | 'help' | 'type'>,
  lines: readonly (readonly [string, Point])[],
): string {
  const known = lines.filter(([, [, value]]) => !Number.isNaN(value));
  if (known.length === 0) return '';
  const text = known.map(
    ([labels, [extra, value]]) => `${head.name}{${labels}${extra === '' ? '' : `,${extra}`}} ${numeral(value)}\n`,
  );
  return headOf(head) + text.join('');
}

/** The container families as the text format describes them: one string after another, without a thought of time or memory. */
export function plainText(all: readonly Series[], families: readonly Family[]): string {
  const pointsOf = ({ value, points }: Family, one: Series): readonly Point[] =>
    value === undefined ? (points?.(one) ?? []) : [['', value(one.sample)]];
  const texts = families.map((family) =>
    familyText(
      family,
      all.flatMap((one) => pointsOf(family, one).map((point) => [one.labels, point] as const)),
    ),
  );
  const infos = all.filter(({ infoLabels }) => infoLabels !== '');
  return (
    texts.join('') +
    familyText(
      INFO,
      infos.map(({ labels, infoLabels }) => [labels, [infoLabels, 1]] as const),
    )
  );
}
