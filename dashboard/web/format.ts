/** Shown for a value that is unavailable; never 0. */
export const UNAVAILABLE = '—';

const NO_BREAK_SPACE = '\u00a0';

const isUnavailable = (value: number | undefined): value is undefined => value === undefined || Number.isNaN(value);

/** Three significant digits, at most three decimals: `0.043`, `1.23`, `45.6`, `789`, `12,345`. */
export function formatNumber(value: number | undefined): string {
  if (isUnavailable(value)) return UNAVAILABLE;
  const rounded = Number(value.toPrecision(3));
  const size = Math.abs(rounded);
  if (size === 0) return '0';
  if (size < 0.001) return rounded < 0 ? '>-0.001' : '<0.001';
  if (size >= 100) return groupThousands(Math.round(value));
  return rounded.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

function groupThousands(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A whole number with thousands separators. */
export function formatCount(value: number | undefined): string {
  return isUnavailable(value) ? UNAVAILABLE : groupThousands(Math.round(value));
}

function withUnit(text: string, unit: string): string {
  return `${text}${NO_BREAK_SPACE}${unit}`;
}

/** A share of one as per cent: `0.432` is `43.2 %`. */
export function formatRatio(ratio: number | undefined): string {
  return isUnavailable(ratio) ? UNAVAILABLE : withUnit(formatNumber(ratio * 100), '%');
}

export interface ByteUnit {
  readonly label: string;
  readonly bytes: number;
}

const BYTE: ByteUnit = { label: 'B', bytes: 1 };
const KIB: ByteUnit = { label: 'KiB', bytes: 2 ** 10 };
const BYTE_UNITS: readonly ByteUnit[] = [
  BYTE,
  KIB,
  { label: 'MiB', bytes: 2 ** 20 },
  { label: 'GiB', bytes: 2 ** 30 },
  { label: 'TiB', bytes: 2 ** 40 },
];

/** The unit in which a value reads well. */
export function byteUnitOf(value: number): ByteUnit {
  return BYTE_UNITS.findLast((unit) => Math.abs(value) >= unit.bytes) ?? BYTE;
}

/** One unit for a whole column: the one in which its median reads well. Zeros and gaps have no say; at least KiB. */
export function columnByteUnit(values: Iterable<number>): ByteUnit {
  const present = [...values].filter((value) => value > 0).sort((a, b) => a - b);
  const median = present[Math.floor(present.length / 2)] ?? 0;
  const unit = byteUnitOf(median);
  return unit === BYTE ? KIB : unit;
}

/** Bytes in a given unit, without its name: the column's header says it. */
export function formatInUnit(value: number | undefined, unit: ByteUnit): string {
  return isUnavailable(value) ? UNAVAILABLE : formatNumber(value / unit.bytes);
}

/** Bytes in the unit that suits the value: `134217728` is `128 MiB`. */
export function formatBytes(value: number | undefined): string {
  if (isUnavailable(value)) return UNAVAILABLE;
  const unit = byteUnitOf(value);
  return withUnit(formatNumber(value / unit.bytes), unit.label);
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Two units at most: `42 s`, `3 min 12 s`, `5 h 2 min`, `3 d 4 h`. Below a second `0 s`. */
export function formatDuration(durationMs: number | undefined): string {
  if (isUnavailable(durationMs)) return UNAVAILABLE;
  const ms = Math.max(0, durationMs);
  if (ms < MINUTE_MS) return withUnit(String(Math.floor(ms / SECOND_MS)), 's');
  if (ms < HOUR_MS) return twoUnits([ms, MINUTE_MS, 'min'], [SECOND_MS, 's']);
  if (ms < DAY_MS) return twoUnits([ms, HOUR_MS, 'h'], [MINUTE_MS, 'min']);
  return twoUnits([ms, DAY_MS, 'd'], [HOUR_MS, 'h']);
}

function twoUnits([ms, big, bigName]: [number, number, string], [small, smallName]: [number, string]): string {
  const rest = Math.floor((ms % big) / small);
  const head = withUnit(String(Math.floor(ms / big)), bigName);
  return rest === 0 ? head : `${head}${NO_BREAK_SPACE}${withUnit(String(rest), smallName)}`;
}

/** The largest unit alone, for narrow columns: `42 s`, `3 min`, `5 h`, `12 d`. */
export function formatAge(durationMs: number | undefined): string {
  if (isUnavailable(durationMs)) return UNAVAILABLE;
  const ms = Math.max(0, durationMs);
  const [size, name] =
    ms < MINUTE_MS
      ? ([SECOND_MS, 's'] as const)
      : ms < HOUR_MS
        ? ([MINUTE_MS, 'min'] as const)
        : ms < DAY_MS
          ? ([HOUR_MS, 'h'] as const)
          : ([DAY_MS, 'd'] as const);
  return withUnit(String(Math.floor(ms / size)), name);
}

/** A number that somebody set or that hardware has: three significant digits and no zeros behind them. */
export function formatSet(value: number | undefined): string {
  return isUnavailable(value) ? UNAVAILABLE : groupThousands(Number(value.toPrecision(3)));
}

type NumberFormat = (value: number) => string;

/** The unit is in the last words of the metric's name. */
function withMetricUnit(metric: string, value: number | undefined, format: NumberFormat): string {
  if (isUnavailable(value)) return UNAVAILABLE;
  if (metric.endsWith('Ratio')) return withUnit(format(value * 100), '%');
  if (metric.endsWith('Cores')) return withUnit(format(value), 'cores');
  if (!metric.includes('Bytes')) return format(value);
  const unit = byteUnitOf(value);
  return withUnit(format(value / unit.bytes), metric.endsWith('PerSecond') ? `${unit.label}/s` : unit.label);
}

/** A measured value of an alert rule's metric: `91.3 %`, `0.512 cores`, `114 MiB`. */
export function formatMetric(metric: string, value: number | undefined): string {
  return withMetricUnit(metric, value, formatNumber);
}

/** A threshold of an alert rule's metric: `80 %`, `0.5 cores`, `128 MiB`. */
export function formatSetting(metric: string, value: number | undefined): string {
  return withMetricUnit(metric, value, formatSet);
}

/** An image without the registry that everybody means: `docker.io/library/busybox:1.36` is `busybox:1.36`. */
export function shortImage(image: string): string {
  return image.replace(/^docker\.io\/(?:library\/)?/, '');
}

/** `1 host`, `3 hosts`. */
export function plural(count: number, one: string): string {
  return `${formatCount(count)} ${one}${count === 1 ? '' : 's'}`;
}
