import { AlertBook } from '../../../dashboard/model/alert/book.ts';
import type { Alert } from '../../../dashboard/model/alert/alert.ts';
import type { AlertRule } from '../../../dashboard/model/alert/rule.ts';
import { Cluster } from '../../../dashboard/model/cluster.ts';
import type { FlannelPresence } from '../../../flannel/presence-wire.ts';
import { CONTAINER_COLUMNS, HOST_COLUMNS, type ContainerInventory, type Frame } from '../../../statsd/wire.ts';
import { aContainer, anInventory, at, T0 } from '../../unit/dashboard/builders.ts';

/** What there is to be seen in one second of one host with one container; what is not given stands still. */
export interface Moment {
  /** The host does not answer. */
  readonly silent?: boolean;
  /** The container has ended and not come back. */
  readonly gone?: boolean;
  readonly memoryWorkingSetBytes?: number;
  readonly cpuPeriods?: number;
  readonly cpuThrottledPeriods?: number;
  readonly oomKills?: number;
  readonly restarts?: number;
  readonly unexpectedExits?: number;
  readonly unhealthy?: boolean;
  readonly cpuBusySeconds?: number;
  readonly memoryStalledSeconds?: number;
  readonly rootAvailableBytes?: number;
  /** The overlay agent has gone. */
  readonly overlayGone?: boolean;
  /** Of this host; the other one's is 1450. */
  readonly overlayMtuBytes?: number;
}

export const MEMORY_LIMIT_BYTES = 1e9;
export const ROOT_SIZE_BYTES = 1e12;
export const CPU_CORES = 4;
export const OTHER_MTU_BYTES = 1450;
export const IMAGE = 'nginx:1';

const EXTRA = ['cpuPeriods', 'cpuThrottledPeriods', 'oomKills'] as const;
const HOST_EXTRA = ['memoryStalledSeconds', 'rootSizeBytes', 'rootAvailableBytes'] as const;

const web = (over: Partial<ContainerInventory>): ContainerInventory =>
  aContainer('web', {
    runtime: 'docker',
    image: IMAGE,
    labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' },
    memoryLimitBytes: MEMORY_LIMIT_BYTES,
    ...over,
  });

function frameOf(second: number, moment: Moment, tableVersion: number): Frame {
  const containers = moment.gone === true ? 0 : 1;
  const bytes = (values: readonly number[]): Uint8Array<ArrayBuffer> => new Uint8Array(new Float64Array(values).buffer);
  const known: Record<string, number> = { ...numbersOf(moment), rootSizeBytes: ROOT_SIZE_BYTES };
  const of = (names: readonly string[]): number[] => names.map((name) => known[name] ?? Number.NaN);
  const perContainer = containers === 0 ? [] : of(CONTAINER_COLUMNS);
  return {
    v: 1,
    seq: second,
    timeUnixMs: T0 + second * 1000,
    monotonicMs: second * 1000,
    tableVersion,
    containers: bytes(perContainer),
    host: bytes(of(HOST_COLUMNS)),
    extra: bytes([...(containers === 0 ? [] : of(EXTRA)), ...of(HOST_EXTRA)]),
  };
}

function numbersOf(moment: Moment): Record<string, number> {
  return Object.fromEntries(
    Object.entries(moment).flatMap(([name, value]: [string, unknown]) =>
      typeof value === 'number' ? [[name, value] as const] : [],
    ),
  );
}

function presence(nodeId: string, mtu: number): FlannelPresence {
  return {
    v: 1,
    nodeId,
    hostname: nodeId === 'n1' ? 'h1' : 'h2',
    version: '0.1.0',
    pid: 1,
    startedAtUnixMs: T0,
    publicIp: '10.0.0.1',
    subnet: '10.244.1.0/24',
    backendType: 'vxlan',
    vni: 1,
    vtepMac: '',
    mtu,
  };
}

/** The live engine over one host, second by second. */
export class LiveWorld {
  readonly #cluster = new Cluster();
  readonly #book: AlertBook;
  #table = 0;
  #shape = '';
  #before: Moment = {};

  constructor(rules: readonly AlertRule[]) {
    this.#book = new AlertBook(rules, []);
    this.#cluster.connect('n1', 'h1', at(0));
  }

  /** What fires after this second. */
  second(second: number, moment: Moment): readonly Alert[] {
    const overlay = moment.overlayGone === true ? [] : [presence('n1', moment.overlayMtuBytes ?? OTHER_MTU_BYTES)];
    const clock = at(second);
    this.#cluster.presences([...overlay, presence('n2', OTHER_MTU_BYTES)], clock.nowMonotonicMs);
    if (moment.silent !== true) this.#report(second, moment);
    this.#cluster.tick(clock.nowMonotonicMs + 100);
    const now = { nowUnixMs: T0 + second * 1000, monotonicMs: second * 1000, owed: () => false };
    this.#book.evaluate({ cluster: this.#cluster, self: [] }, now);
    this.#before = moment;
    return this.#book.alerts.filter(({ state }) => state.kind === 'firing');
  }

  #report(second: number, moment: Moment): void {
    const clock = at(second);
    this.#tellEnd(moment, clock.nowMonotonicMs);
    const health = moment.unhealthy === undefined ? {} : { health: moment.unhealthy ? 'unhealthy' : 'healthy' };
    const shape = JSON.stringify([moment.gone, moment.unhealthy, moment.restarts, moment.unexpectedExits]);
    if (shape !== this.#shape) {
      this.#table += 1;
      const inventory = anInventory(moment.gone === true ? [] : [web(health)], {
        tableVersion: this.#table,
        cpuCores: CPU_CORES,
      });
      const columns = { extraColumns: [...EXTRA], hostExtraColumns: [...HOST_EXTRA] };
      this.#cluster.inventory({ ...inventory, ...columns }, clock);
      this.#shape = shape;
    }
    this.#cluster.frame('n1', frameOf(second, moment, this.#table), clock);
  }

  /** A container that came back, went, or exited, had to end before. */
  #tellEnd(moment: Moment, nowMonotonicMs: number): void {
    const grew = (name: 'restarts' | 'unexpectedExits'): boolean => (moment[name] ?? 0) > (this.#before[name] ?? 0);
    const goes = moment.gone === true && this.#before.gone !== true;
    const exitCode = grew('unexpectedExits') ? 3 : 0;
    if (goes || exitCode !== 0 || grew('restarts'))
      this.#cluster.exit('n1', { v: 1, key: 'runc:web', atUnixMs: T0, exitCode }, nowMonotonicMs);
  }
}
