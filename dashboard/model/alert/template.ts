/** What a template may name. */
export interface TemplateValues {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Written where Prometheus would write it: an annotation must never stop an alert. */
export const TEMPLATE_ERROR = '<error expanding template>';

/** Longest annotation that is rendered, characters. */
const MAX_RENDERED = 4096;

const EXPRESSION = /\{\{-?([^{}]*)-?\}\}/g;
const LABEL = /^\$labels\.([A-Za-z_][A-Za-z0-9_]*)$/;

function scaled(value: number, step: number, prefixes: readonly string[]): string {
  if (!Number.isFinite(value)) return String(value);
  let scaledValue = value;
  let index = 0;
  while (Math.abs(scaledValue) >= step && index < prefixes.length - 1) {
    scaledValue /= step;
    index += 1;
  }
  return `${plain(scaledValue)}${prefixes[index] ?? ''}`;
}

/** Four significant digits, without an exponent where a person would not write one. */
function plain(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value);
}

function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return String(seconds);
  const whole = Math.floor(Math.abs(seconds));
  const parts = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'm'],
    [whole % 60, 's'],
  ] as const;
  const first = parts.findIndex(([amount]) => amount > 0);
  const text = parts
    .slice(first < 0 ? 3 : first)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join(' ');
  return seconds < 0 ? `-${text}` : text;
}

type Filter = (value: string | number) => string | number;

const numeric =
  (filter: (value: number) => string): Filter =>
  (value) =>
    filter(Number(value));

/** The whole list; a Map, so that no name reaches a prototype. */
const FILTERS: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ['humanize', numeric((value) => scaled(value, 1000, ['', 'k', 'M', 'G', 'T', 'P']))],
  ['humanize1024', numeric((value) => scaled(value, 1024, ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi']))],
  ['humanizePercentage', numeric((value) => `${plain(value * 100)}%`)],
  ['humanizeDuration', numeric(duration)],
  ['toUpper', (value) => String(value).toUpperCase()],
  ['toLower', (value) => String(value).toLowerCase()],
  ['title', (value) => String(value).replace(/(?<=^|[^\w\P{ASCII}]|\s)\p{Ll}/gu, (letter) => letter.toUpperCase())],
]);

const PRINTF = /^printf "([^"%]*)%(?:\.(\d))?([fs])([^"%]*)"$/;

function filterOf(name: string): Filter | undefined {
  const known = FILTERS.get(name);
  if (known !== undefined) return known;
  const match = PRINTF.exec(name);
  if (match === null) return undefined;
  const [, before = '', digits = '6', kind, after = ''] = match;
  return (value) => `${before}${kind === 'f' ? Number(value).toFixed(Number(digits)) : String(value)}${after}`;
}

function evaluate(expression: string, values: TemplateValues): string | undefined {
  const [head = '', ...filters] = expression.split('|').map((part) => part.trim());
  const label = LABEL.exec(head)?.[1];
  let result: string | number;
  if (head === '$value') result = values.value;
  else if (label !== undefined) result = Object.hasOwn(values.labels, label) ? (values.labels[label] ?? '') : '';
  else return undefined;
  for (const name of filters) {
    const filter = filterOf(name);
    if (filter === undefined) return undefined;
    result = filter(result);
  }
  return String(result);
}

/**
 * Fills `{{ $labels.container }}` and `{{ $value | humanizePercentage }}` in, in Prometheus' spelling. No loops, no includes, no
 * code; what it does not know becomes {@link TEMPLATE_ERROR}. A label that is not there is empty, as in Prometheus.
 */
export function renderTemplate(template: string, values: TemplateValues): string {
  return template
    .replace(EXPRESSION, (_, expression: string) => evaluate(expression, values) ?? TEMPLATE_ERROR)
    .slice(0, MAX_RENDERED);
}

/** What in a label's template cannot be: it is a part of what the alert is. */
export function labelFaults(template: string): string[] {
  const measured = [...template.matchAll(EXPRESSION)]
    .filter(([, expression]) => /^\s*\$value\b/.test(expression ?? ''))
    .map(([whole]) => `${whole} is measured: a label that changes would make a new alert each time`);
  return [...templateFaults(template), ...measured];
}

/** What in a template cannot be rendered, one sentence each; told when the rules are read. */
export function templateFaults(template: string): string[] {
  const faults = [...template.matchAll(EXPRESSION)]
    .filter(([, expression]) => evaluate(expression ?? '', { labels: {}, value: 0 }) === undefined)
    .map(([whole]) => `cannot render ${whole}: expected {{ $value }} or {{ $labels.NAME }}, with filters behind |`);
  const rest = template.replace(EXPRESSION, '');
  return rest.includes('{{') || rest.includes('}}') ? [...faults, 'a {{ is not closed, or a }} not opened'] : faults;
}
