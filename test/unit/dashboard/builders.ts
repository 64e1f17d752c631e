import {
  CONTAINER_COLUMNS,
  HOST_COLUMNS,
  type ContainerInventory,
  type Frame,
  type Inventory,
} from '../../../statsd/wire.ts';
import type { AlertRule } from '../../../dashboard/model/alert/rule.ts';

type ContainerColumn = (typeof CONTAINER_COLUMNS)[number];
type HostColumn = (typeof HOST_COLUMNS)[number];

export function aContainer(name: string, over: Partial<ContainerInventory> = {}): ContainerInventory {
  return { key: `runc:${name}`, id: name, name, runtime: 'runc', labels: {}, cgroupPath: `/${name}`, ...over };
}

export function anInventory(
  containers: readonly ContainerInventory[],
  over: {
    nodeId?: string;
    hostname?: string;
    tableVersion?: number;
    cpuCores?: number;
    answers?: readonly string[];
  } = {},
): Inventory {
  const { nodeId = 'n1', hostname = 'h1', tableVersion = 1, cpuCores = 4, answers } = over;
  return {
    v: 1,
    tableVersion,
    host: {
      nodeId,
      hostname,
      agentVersion: '0.1.0',
      kernel: '6.1',
      cgroupMode: 'v2',
      cpuCores,
      memoryTotalBytes: 8e9,
      intervalMs: 1000,
      ...(answers === undefined ? {} : { answers: [...answers] }),
    },
    containers: [...containers],
  };
}

/** Column after column, little-endian Float64; what is not given is NaN. */
function block<Column extends string>(
  columns: readonly Column[],
  rows: readonly Partial<Record<Column, number>>[],
): Uint8Array<ArrayBuffer> {
  const values = new Float64Array(columns.length * rows.length).fill(Number.NaN);
  rows.forEach((row, index) => {
    columns.forEach((column, at) => {
      values[at * rows.length + index] = row[column] ?? Number.NaN;
    });
  });
  return new Uint8Array(values.buffer);
}

export interface FrameOver {
  readonly monotonicMs?: number;
  readonly timeUnixMs?: number;
  readonly tableVersion?: number;
  readonly host?: Partial<Record<HostColumn, number>>;
}

/** A warning on more than 100 bytes of memory for two seconds; `over` is taken as it is. */
export function aRule(over: Partial<AlertRule> = {}): AlertRule {
  return {
    id: 'r1',
    name: 'MemoryMuch',
    group: 'default',
    origin: { kind: 'api' },
    enabled: true,
    scope: [],
    match: {},
    query: { metric: 'memoryWorkingSetBytes', agg: 'last', windowMs: 0 },
    op: '>',
    levels: [{ severity: 'warning', threshold: 100, recovery: 100 }],
    and: [],
    forMs: 2000,
    keepFiringForMs: 0,
    noData: 'keep',
    labels: {},
    annotations: {},
    limit: 1000,
    ...over,
  };
}

/** One second after the other: frame `seq` is taken at `seq` seconds of the agent and `T0 + seq` seconds of the wall. */
export const T0 = Date.UTC(2026, 10, 20, 10);

export function aFrame(
  seq: number,
  rows: readonly Partial<Record<ContainerColumn, number>>[],
  over: FrameOver = {},
): Frame {
  return {
    v: 1,
    seq,
    timeUnixMs: over.timeUnixMs ?? T0 + seq * 1000,
    monotonicMs: over.monotonicMs ?? seq * 1000,
    tableVersion: over.tableVersion ?? 1,
    containers: block(CONTAINER_COLUMNS, rows),
    host: block(HOST_COLUMNS, [over.host ?? {}]),
  };
}

/** Received in the second it was taken in. */
export function at(second: number): { nowUnixMs: number; nowMonotonicMs: number } {
  return { nowUnixMs: T0 + second * 1000 + 100, nowMonotonicMs: second * 1000 + 100 };
}
