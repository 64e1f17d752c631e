import { valueAt, type Block } from '../columns.ts';
import { lineOf } from '../links.ts';
import { containers, hostOfNode, hosts, lastFrame } from '../store.ts';
import type { ContainerView } from '../../wire.ts';
import type { PastLine } from './past.ts';
import type { LineLimits } from './panels.ts';

/** The container that writes a line now: of two with one name, the one that started last. `undefined` when none runs. */
export function writerOf(line: string): ContainerView | undefined {
  return containers.value
    .filter((container) => lineOf(container) === line || container.key === line)
    .sort((a, b) => (b.startedAtUnixMs ?? 0) - (a.startedAtUnixMs ?? 0))[0];
}

function isColumn<Column extends string>(block: Block<Column>, name: string): name is Column {
  return block.columns.some((column) => column === name);
}

function inBlock<Column extends string>(
  block: Block<Column> | undefined,
  name: string,
  row: number,
): number | undefined {
  return block !== undefined && isColumn(block, name) ? valueAt(block, name, row) : undefined;
}

/** A column of a line in the newest frame. What a host that is late said last is not what it uses now. */
export function liveValue({ key, kind, nodeId }: PastLine, column: string): number | undefined {
  const frame = lastFrame.value;
  const host = hostOfNode.value.get(nodeId);
  if (frame === undefined || host?.state !== 'live') return undefined;
  if (kind === 'host') {
    const row = hosts.value.indexOf(host);
    return inBlock(frame.hosts, column, row) ?? inBlock(frame.details?.hosts, column, row);
  }
  const writer = writerOf(key);
  const row = writer === undefined ? -1 : containers.value.indexOf(writer);
  return inBlock(frame.containers, column, row) ?? inBlock(frame.details?.containers, column, row);
}

/** What a line's values are held against now; unknown of what does not run. */
export function limitsOf({ key, kind, nodeId }: Pick<PastLine, 'key' | 'kind' | 'nodeId'>): LineLimits {
  const host = hostOfNode.value.get(nodeId);
  if (kind === 'host')
    return {
      cpuLimitCores: undefined,
      hostCores: host?.cpuCores,
      memoryBytes: host?.memoryTotalBytes,
      pids: undefined,
    };
  const writer = writerOf(key);
  return {
    cpuLimitCores: writer?.cpuLimitCores,
    hostCores: host?.cpuCores,
    memoryBytes: writer?.memoryLimitBytes,
    pids: writer?.pidsLimit,
  };
}
