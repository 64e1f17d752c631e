import { MAX_DEVICE_KEYS, type DevicesAnswer } from '../../statsd/device-wire.ts';
import { iso } from './api-view.ts';
import type { PlacedRow, RowOrder } from './cluster-view.ts';
import { answersDevices, sharingOf } from './room-devices.ts';

/** The containers that a question names, or one sentence that says why there is none. */
export type Named = { readonly rows: readonly PlacedRow[] } | { readonly fault: string; readonly status: 400 | 404 };

/** Reads `?container=KEY&container=KEY`: keys, or lines of history, as `GET /containers` tells them. */
export function containersNamed(order: RowOrder, names: readonly string[]): Named {
  const wanted = [...new Set(names)];
  if (wanted.length === 0 || wanted.length > MAX_DEVICE_KEYS)
    return {
      fault: `container: ${wanted.length} of them: expected 1 to ${MAX_DEVICE_KEYS}, by key or series`,
      status: 400,
    };
  const rows = wanted.map((name) => order.containers.find(({ row }) => row.key === name || row.line?.key === name));
  const missing = rows.indexOf(undefined);
  if (missing >= 0)
    return {
      fault: `container: ${wanted[missing]?.slice(0, 256) ?? ''}: there is none now; /api/v1/containers names them`,
      status: 404,
    };
  return { rows: rows.filter((row) => row !== undefined) };
}

/** What is counted of an interface. */
export const INTERFACE_COUNTS = [
  'receiveBytes',
  'receivePackets',
  'receiveErrors',
  'receiveDropped',
  'transmitBytes',
  'transmitPackets',
  'transmitErrors',
  'transmitDropped',
] as const;

/** What is counted of a block device. */
export const BLOCK_DEVICE_COUNTS = ['readBytes', 'writeBytes'] as const;

function countsOf<Name extends string>(
  names: readonly Name[],
  counts: Readonly<Partial<Record<Name, number | undefined>>>,
): Record<string, number | null> {
  return Object.fromEntries(names.map((name) => [name, counts[name] ?? null]));
}

/** What was told of one container. */
function countsTold(answer: DevicesAnswer | undefined, key: string): object | undefined {
  const told = answer?.containers.find((each) => each.key === key);
  if (answer === undefined || told === undefined) return undefined;
  const { interfaces, blockDevices } = told;
  return {
    state: 'told',
    at: iso(answer.timeUnixMs),
    monotonicMs: answer.monotonicMs,
    interfaces: interfaces?.map((each) => ({ name: each.name, ...countsOf(INTERFACE_COUNTS, each) })) ?? null,
    blockDevices: blockDevices?.map((each) => ({ name: each.name, ...countsOf(BLOCK_DEVICE_COUNTS, each) })) ?? null,
  };
}

const UNTOLD = { at: null, monotonicMs: null, interfaces: null, blockDevices: null } as const;

/**
 * `GET /api/v1/devices`: counts since each interface and device is there, so that two answers give any rate. `null` is not known,
 * or the host's.
 */
export function apiDevices(
  rows: readonly PlacedRow[],
  order: RowOrder,
  answers: ReadonlyMap<string, DevicesAnswer>,
): object[] {
  return rows.map((placed) => {
    const { row } = placed;
    const told = countsTold(answers.get(row.nodeId), row.inventory.key);
    return {
      key: row.key,
      series: row.line?.key ?? null,
      ...(told ?? { state: answersDevices(placed) ? 'unanswered' : 'untold', ...UNTOLD }),
      ...sharingOf(order, placed),
    };
  });
}
