import type { ContainerView, ProcessesView, StatsTick } from '../../statsd/status-wire.ts';
import { binaryBytes, duration, UNKNOWN } from './format.ts';

const numberText = (value: number): string =>
  Number.isInteger(value) ? String(value) : value.toPrecision(6).replace(/\.?0+$/, '');

type Metric = NonNullable<ContainerView['statsd']>['metrics'][number];

const tagged = (text: string, tags: Readonly<Record<string, string>>): string => {
  const words = Object.entries(tags).map(([key, value]) => `${key}:${value}`);
  return words.length === 0 ? text : `${text} (${words.join(' ')})`;
};

function metricText({ kind, value, sum = 0, count = 0 }: Metric): string {
  if (value !== undefined) return numberText(value);
  const mean = kind === 'timer' ? `${numberText((sum / count) * 1000)} ms` : numberText(sum / count);
  return `${numberText(count)} times, ${mean} on average`;
}

/** What a container said of itself by StatsD. */
function saidFacts(statsd: ContainerView['statsd']): [string, string][] {
  return [
    ...(statsd?.checks ?? []).map(({ name, tags, state, message }): [string, string] => [
      `check ${name}`,
      tagged(message === undefined ? state : `${state}: ${message}`, tags),
    ]),
    ...(statsd?.events ?? []).map(({ title, text, alert, tags, atUnixMs }): [string, string] => [
      `event ${alert}`,
      `${new Date(atUnixMs).toISOString().slice(11, 19)} ${tagged(text === undefined ? title : `${title}: ${text}`, tags)}`,
    ]),
    ...(statsd?.metrics ?? []).map((metric): [string, string] => [
      `${metric.kind} ${metric.name}`,
      tagged(metricText(metric), metric.tags),
    ]),
  ];
}

const LISTED = 10;

/** What its processes hold, and the largest of them. */
function processFacts(found: ProcessesView | undefined): [string, string | undefined][] {
  if (found === undefined) return [];
  const { processes, descriptors, sockets, openFilesLimit, list } = found;
  const limit = openFilesLimit === undefined ? '' : `; the first process may open ${openFilesLimit}`;
  return [
    ['processes', processes === undefined ? UNKNOWN : String(processes)],
    ['open files', `${descriptors ?? UNKNOWN}, sockets among them: ${sockets ?? UNKNOWN}${limit}`],
    ...list
      .slice(0, LISTED)
      .map((each): [string, string] => [
        `process ${each.pid}`,
        `${each.command} · ${each.state} · ${binaryBytes(each.residentBytes)} · ${numberText(each.cpuSeconds)} s of CPU · threads: ${each.threads} · open files: ${each.descriptors ?? UNKNOWN}`,
      ]),
  ];
}

type Fact = [name: string, value: string];

/** Everything that is known of one container. */
export function detailFacts(container: ContainerView, tick: StatsTick, processes?: ProcessesView): Fact[] {
  const { exit, startedAtUnixMs } = container;
  const age = startedAtUnixMs === undefined ? undefined : tick.timeUnixMs - startedAtUnixMs;
  const facts: [string, string | undefined][] = [
    ['name', container.name],
    ['image', container.image],
    ['runtime', container.runtime],
    ['id', container.id],
    ['state', exit === undefined ? container.state : `exited (${exit.exitCode ?? 'code unknown'})`],
    ['health', container.health],
    ['restarts', container.restartCount === undefined ? undefined : String(container.restartCount)],
    ['up', exit === undefined ? duration(age) : duration(exit.ranForMs)],
    ['killed for memory', exit?.oomKilled === true ? 'yes' : undefined],
    ['cgroup', container.cgroupPath],
    ['network', container.network],
    ['memory limit', binaryBytes(container.memoryLimitBytes)],
    ['CPU limit', container.cpuLimitCores === undefined ? UNKNOWN : `${numberText(container.cpuLimitCores)} cores`],
    ['written into root', container.layerBytes === undefined ? undefined : binaryBytes(container.layerBytes)],
    ['pids limit', container.pidsLimit === undefined ? UNKNOWN : String(container.pidsLimit)],
    ...Object.entries(container.tags),
    ...Object.entries(container.labels).map(([key, value]): [string, string] => [`label ${key}`, value]),
    ...Object.entries(container.rates).map(([key, value]): [string, string] => [key, numberText(value ?? 0)]),
    ...processFacts(processes),
    ...saidFacts(container.statsd),
    ...Object.entries(container.values).map(([key, value]): [string, string] => [key, numberText(value)]),
  ];
  return facts.flatMap(([name, value]): Fact[] => (value === undefined ? [] : [[name, value]]));
}
