import type { ContainerView } from '../status-wire.ts';

/** `statsd` has the container in the metric's name, `dogstatsd` in tags. */
export const STATSD_FORMATS = ['statsd', 'dogstatsd'] as const;
export type StatsdFormat = (typeof STATSD_FORMATS)[number];

type Gauge = readonly [name: string, value: (container: ContainerView) => number | undefined];

const GAUGES: readonly Gauge[] = [
  ['cpu.cores', ({ rates }) => rates['cpuCores']],
  ['cpu.throttled_part', ({ rates }) => rates['cpuThrottledPart']],
  ['memory.usage_bytes', ({ values }) => values['memoryUsageBytes']],
  ['memory.working_set_bytes', ({ values }) => values['memoryWorkingSetBytes']],
  ['memory.limit_bytes', ({ memoryLimitBytes }) => memoryLimitBytes],
  ['network.receive_bytes_per_second', ({ rates }) => rates['networkReceiveBytesPerSecond']],
  ['network.transmit_bytes_per_second', ({ rates }) => rates['networkTransmitBytesPerSecond']],
  ['block.read_bytes_per_second', ({ rates }) => rates['blockReadBytesPerSecond']],
  ['block.write_bytes_per_second', ({ rates }) => rates['blockWriteBytesPerSecond']],
  ['pids', ({ values }) => values['pidsCurrent']],
];

const MAX_WORD = 100;

/** A part of a metric's name: what a daemon splits or parses by becomes `_`. */
const wordOf = (text: string): string => text.slice(0, MAX_WORD).replace(/[^A-Za-z0-9_-]/g, '_');

/** A tag's value: commas, bars and line ends would begin something else. */
const tagValue = (text: string): string => text.slice(0, MAX_WORD).replace(/[,|#\n\r@]/g, '_');

/** Without an exponent, which some daemons do not read. */
const valueText = (value: number): string => (Number.isInteger(value) ? value.toFixed(0) : value.toFixed(6));

function tagsOf(container: ContainerView, hostname: string): string {
  const pairs: [string, string | undefined][] = [
    ['host', hostname],
    ['container_name', container.name],
    ['container_id', container.dockerId.slice(0, 12)],
    ['image', container.image],
    ['runtime', container.runtime],
    ...Object.entries(container.tags),
  ];
  return pairs.flatMap(([key, value]) => (value === undefined ? [] : [`${wordOf(key)}:${tagValue(value)}`])).join(',');
}

/** The gauges of one container, a line each, without line ends. What is unknown is left out. */
export function statsdLines(container: ContainerView, hostname: string, format: StatsdFormat): string[] {
  const prefix = format === 'statsd' ? `weft.${wordOf(hostname)}.${wordOf(container.name)}` : 'weft.container';
  const suffix = format === 'statsd' ? '' : `|#${tagsOf(container, hostname)}`;
  return GAUGES.flatMap(([name, value]) => {
    const number = value(container);
    return number === undefined ? [] : [`${prefix}.${name}:${valueText(number)}|g${suffix}`];
  });
}

/** Puts lines together into datagrams that fit into one Ethernet frame; a longer line travels alone. */
export function* datagramsOf(lines: Iterable<string>, maxBytes: number): Generator<string> {
  let text = '';
  let bytes = 0;
  for (const line of lines) {
    // UTF-8 has at most three bytes for a UTF-16 unit.
    const size = /^[\u0000-\u007f]*$/.test(line) ? line.length : line.length * 3;
    if (text !== '' && bytes + 1 + size > maxBytes) {
      yield text;
      [text, bytes] = ['', 0];
    }
    text += text === '' ? line : `\n${line}`;
    bytes += size + 1;
  }
  if (text !== '') yield text;
}
