import type { BenchRow } from './row.ts';

const HEAD = `# Benchmark results

Written by \`npm run bench\`, which renews the sections it runs; figures are of one run, one after the other.
A ratio below 1 means less than what it is held against.
`;

/** Three significant digits, no exponent. */
function digits(value: number): string {
  if (Number.isNaN(value)) return 'n/a';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

/** The ratio and, where there is a bar, whether it is met. */
function ratioText({ value, peerValue, bar }: BenchRow): string {
  if (peerValue === undefined) return '';
  const ratio = peerValue === 0 ? value : value / peerValue;
  if (bar === undefined) return digits(ratio);
  const isMet = 'atMost' in bar ? ratio <= bar.atMost : ratio >= bar.atLeast;
  const wanted = 'atMost' in bar ? `≤ ${bar.atMost}` : `≥ ${bar.atLeast}`;
  return `${digits(ratio)} (${wanted}: ${isMet ? 'met' : '**missed**'})`;
}

/** Rows as a Markdown table. */
export function tableOf(rows: readonly BenchRow[]): string {
  const lines = rows.map((row) => {
    const { name, value, unit, peer, peerValue } = row;
    const held = peer === undefined ? '' : peerValue === undefined ? peer : `${digits(peerValue)} ${unit} (${peer})`;
    return `| ${name} | ${digits(value)} ${unit} | ${held} | ${ratioText(row)} |`;
  });
  return ['| figure | measured | held against | ratio |', '|---|---|---|---|', ...lines].join('\n');
}

/** Sections of a results file by title: what stands between one `## ` heading and the next. */
function sectionsOf(text: string): Map<string, string> {
  const [, ...parts] = text.split(/^## /m);
  return new Map(
    parts.map((part) => {
      const end = part.indexOf('\n');
      return [part.slice(0, end), part.slice(end).trim()];
    }),
  );
}

/** The file with some sections renewed, in the order of `titles`; what has another title is dropped. */
export function mergedResults(before: string, renewed: ReadonlyMap<string, string>, titles: readonly string[]): string {
  const known = sectionsOf(before);
  const sections = titles.flatMap((title) => {
    const body = renewed.get(title) ?? known.get(title);
    return body === undefined ? [] : [`## ${title}\n\n${body}\n`];
  });
  return [HEAD, ...sections].join('\n');
}
