import type { FrameMessage, HistoryMessage } from '../wire.ts';
import {
  CONTAINER_DETAIL_COLUMNS,
  HOST_DETAIL_COLUMNS,
  HOST_VIEW_COLUMNS,
  VIEW_COLUMNS,
  type ContainerDetailColumn,
  type HostDetailColumn,
  type HostViewColumn,
  type ViewColumn,
} from '../view-wire.ts';

/** A block's values, column after column; `rows` is undefined while the block does not fit the inventory. */
export interface Block<Column extends string> {
  readonly columns: readonly Column[];
  readonly rows: number;
  readonly values: Float32Array;
}

function float32Of(bytes: Uint8Array | ArrayBuffer): Float32Array {
  if (bytes instanceof ArrayBuffer) return new Float32Array(bytes);
  // A view may start anywhere in its buffer, and Float32Array wants a multiple of four.
  const copy = new Uint8Array(bytes.byteLength);
  copy.set(bytes);
  return new Float32Array(copy.buffer);
}

function decodeBlock<Column extends string>(
  bytes: Uint8Array | ArrayBuffer,
  columns: readonly Column[],
  rows: number,
): Block<Column> | undefined {
  if (rows === 0 || bytes.byteLength !== columns.length * rows * 4) return undefined;
  return { columns, rows, values: float32Of(bytes) };
}

export type ContainerBlock = Block<ViewColumn>;
export type HostBlock = Block<HostViewColumn>;

/** `undefined` when the block does not have exactly these rows, or the view is not sent any. */
export function decodeContainerBlock(bytes: Uint8Array | ArrayBuffer, rows: number): ContainerBlock | undefined {
  return decodeBlock(bytes, VIEW_COLUMNS, rows);
}

/** Rows whose bit is set, lowest bit of the first byte first. */
export function rowsOf(bitmap: Uint8Array | ArrayBuffer, rows: number): number[] {
  const set: number[] = [];
  for (const [at, byte] of (bitmap instanceof ArrayBuffer ? new Uint8Array(bitmap) : bitmap).entries())
    for (let rest = byte, row = at * 8; rest !== 0 && row < rows; rest >>>= 1, row += 1)
      if ((rest & 1) === 1) set.push(row);
  return set;
}

/** The block before, with the rows that `changed` names as `bytes` has them; `undefined` when the two do not fit. */
export function patchBlock<Column extends string>(
  before: Block<Column>,
  bytes: Uint8Array | ArrayBuffer,
  changed: Uint8Array | ArrayBuffer,
): Block<Column> | undefined {
  const rows = rowsOf(changed, before.rows);
  if (bytes.byteLength !== rows.length * before.columns.length * 4) return undefined;
  const patch = float32Of(bytes);
  const values = before.values.slice();
  for (let column = 0; column < before.columns.length; column += 1)
    for (const [index, row] of rows.entries())
      values[column * before.rows + row] = patch[column * rows.length + index] ?? Number.NaN;
  return { columns: before.columns, rows: before.rows, values };
}

/** `undefined` when the block does not have exactly these rows, or the view is not sent any. */
export function decodeHostBlock(bytes: Uint8Array | ArrayBuffer, rows: number): HostBlock | undefined {
  return decodeBlock(bytes, HOST_VIEW_COLUMNS, rows);
}

/** What a view of few rows is told beyond its blocks. */
export interface DetailBlocks {
  readonly containers: Block<ContainerDetailColumn> | undefined;
  readonly hosts: Block<HostDetailColumn> | undefined;
}

/** `undefined` where the view is sent no details; a block of it where that does not have exactly these rows. */
export function decodeDetails(
  details: FrameMessage['details'],
  rows: { readonly containers: number; readonly hosts: number },
): DetailBlocks | undefined {
  if (details === undefined) return undefined;
  return {
    containers: decodeBlock(details.containers, CONTAINER_DETAIL_COLUMNS, rows.containers),
    hosts: decodeBlock(details.hosts, HOST_DETAIL_COLUMNS, rows.hosts),
  };
}

/** One value, NaN where unavailable: no block, no such row, or the agent could not read it. */
export function valueAt<Column extends string>(block: Block<Column> | undefined, column: Column, row: number): number {
  if (block === undefined || row < 0 || row >= block.rows) return Number.NaN;
  return block.values[block.columns.indexOf(column) * block.rows + row] ?? Number.NaN;
}

/** The same block with other rows: for each its row until now, or -1 for one that is new. */
export function withRows<Column extends string>(
  block: Block<Column> | undefined,
  oldRows: readonly number[],
): Block<Column> | undefined {
  if (block === undefined) return undefined;
  const values = block.columns.flatMap((column) => oldRows.map((oldRow) => valueAt(block, column, oldRow)));
  return { columns: block.columns, rows: oldRows.length, values: Float32Array.from(values) };
}

/** The two halves of a history message: `rows × points` each, container-major; `undefined` when the length does not fit. */
export function decodeHistory(
  message: Pick<HistoryMessage, 'block' | 'points'>,
  rows: number,
): { readonly cpuOfLimitRatio: Float32Array; readonly memoryWorkingSetBytes: Float32Array } | undefined {
  const half = rows * message.points;
  if (half === 0 || message.block.byteLength !== 2 * half * 4) return undefined;
  const values = float32Of(message.block);
  return { cpuOfLimitRatio: values.subarray(0, half), memoryWorkingSetBytes: values.subarray(half) };
}

/** The two halves of the hosts' part of a history message, host-major; `undefined` where it is not sent, or does not fit. */
export function decodeHostHistory(
  message: Pick<HistoryMessage, 'hosts' | 'points'>,
  rows: number,
): { readonly cpuCores: Float32Array; readonly memoryUsedBytes: Float32Array } | undefined {
  const half = rows * message.points;
  if (message.hosts === undefined || half === 0 || message.hosts.byteLength !== 2 * half * 4) return undefined;
  const values = float32Of(message.hosts);
  return { cpuCores: values.subarray(0, half), memoryUsedBytes: values.subarray(half) };
}

/** The sums over the hosts, one value a point; `undefined` when the length does not fit. */
export function decodeClusterHistory(
  message: Pick<HistoryMessage, 'cluster' | 'points'>,
): { readonly cpuCores: Float32Array; readonly memoryUsedBytes: Float32Array } | undefined {
  const { points, cluster } = message;
  if (cluster.byteLength !== 2 * points * 4) return undefined;
  const values = float32Of(cluster);
  return { cpuCores: values.subarray(0, points), memoryUsedBytes: values.subarray(points) };
}
