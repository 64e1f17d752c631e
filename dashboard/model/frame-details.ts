import { CONTAINER_DETAIL_COLUMNS, HOST_DETAIL_COLUMNS } from '../view-wire.ts';
import type { RowOrder } from './cluster-view.ts';
import { ownLine } from './container-row.ts';
import { COLUMNS_OF, type SeriesKind } from './history/columns.ts';
import type { Series } from './history/series.ts';

/** The details of the newest second of some lines, column after column. */
function detailBlock(kind: SeriesKind, columns: number, lines: readonly (Series | undefined)[]): Uint8Array {
  const first = COLUMNS_OF[kind].length;
  const block = new Float32Array(columns * lines.length);
  for (const [row, line] of lines.entries())
    for (let column = 0; column < columns; column += 1)
      block[column * lines.length + row] = line?.seconds.valueAt(line.seconds.newest, first + column) ?? Number.NaN;
  return new Uint8Array(block.buffer);
}

/** A frame's details of all hosts, and of the containers too where they are few. */
export function frameDetails(
  { hosts, containers }: RowOrder,
  withContainers: boolean,
): { readonly containers: Uint8Array; readonly hosts: Uint8Array } {
  const lines = withContainers ? containers.map(({ row }) => ownLine(row)) : [];
  return {
    containers: detailBlock('container', CONTAINER_DETAIL_COLUMNS.length, lines),
    hosts: detailBlock(
      'host',
      HOST_DETAIL_COLUMNS.length,
      hosts.map(({ feed }) => feed.line),
    ),
  };
}
