import type { AgentFeeder, FedContainer, Load } from './agent-feeder.ts';

/** One second of one host: the loads of its containers by name. */
export type RecordedSecond = ReadonlyMap<string, Partial<Load>>;

export interface RecordedHost {
  readonly hostname: string;
  readonly containers: readonly FedContainer[];
  /** Played round and round. */
  readonly seconds: readonly RecordedSecond[];
}

const MIB = 2 ** 20;
const PROJECTS = ['shop', 'blog', 'search', 'mail', 'metrics'] as const;
const SERVICES = ['web', 'api', 'worker', 'db', 'cache'] as const;

/** The same numbers each time: a test that fails can be run again. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function containerOf(index: number, random: () => number): FedContainer {
  const project = PROJECTS[Math.floor(random() * PROJECTS.length)] ?? 'shop';
  const service = SERVICES[index % SERVICES.length] ?? 'web';
  const isLimited = random() < 0.6;
  return {
    name: `${project}-${service}-${index}`,
    image: `docker.io/library/${service}:1.${index % 9}`,
    labels: {
      'com.docker.compose.project': project,
      'com.docker.compose.service': service,
      'com.docker.compose.container-number': String(index),
      team: index % 2 === 0 ? 'red' : 'blue',
    },
    cpuCores: random() * 0.15,
    memoryWorkingSetBytes: (16 + random() * 200) * MIB,
    ...(isLimited ? { memoryLimitBytes: 256 * MIB, cpuLimitCores: 0.5 } : {}),
  };
}

/** CPU jumps, memory walks, a third writes now and then: what a busy cluster looks like. */
function secondOf(containers: readonly FedContainer[], second: number, random: () => number): RecordedSecond {
  return new Map(
    containers.map(({ name, cpuCores = 0, memoryWorkingSetBytes = 0 }, index) => [
      name,
      {
        cpuCores: cpuCores * (0.5 + random()),
        memoryWorkingSetBytes: memoryWorkingSetBytes * (1 + 0.1 * Math.sin((second + index) / 9)),
        blockWriteBytesPerSecond: index % 3 === 0 && random() < 0.5 ? random() * 8 * MIB : 0,
        pidsCurrent: 1 + (index % 7),
      },
    ]),
  );
}

/** A cluster of so many hosts with so many containers in all, for a minute. */
export function makeRecording({ hosts, containers }: { hosts: number; containers: number }): RecordedHost[] {
  const random = randomOf(42);
  return Array.from({ length: hosts }, (_, host) => {
    const count = Math.floor(containers / hosts) + (host < containers % hosts ? 1 : 0);
    const fed = Array.from({ length: count }, (__, index) => containerOf(index, random));
    const seconds = Array.from({ length: 60 }, (__, second) => secondOf(fed, second, random));
    return { hostname: `host-${String(host + 1).padStart(2, '0')}`, containers: fed, seconds };
  });
}

/** Plays a host's recording into its agent, a second a second, until its scope ends. */
export function replay(agent: AgentFeeder, { seconds }: RecordedHost): Disposable {
  let second = 0;
  const timer = setInterval(() => {
    for (const [name, load] of seconds[second % seconds.length] ?? []) agent.setLoad(name, load);
    second += 1;
  }, 1000);
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
    },
  };
}
