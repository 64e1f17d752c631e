import { computed } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Filter } from '../model/filter.ts';
import type { ViewColumn } from '../view-wire.ts';
import { keepOrder, orderContainers, type Sort } from './container-rows.ts';
import { columnByteUnit, type ByteUnit } from './format.ts';
import { orderPaused } from './order-pause.ts';
import { containers, hasFrame, lastFrame } from './store.ts';

/** Values move rows no more often than this. */
const RESORT_MS = 5_000;

/** Rows in order, and the units of the byte columns, which change no more often than the order. */
export interface Ordered {
  readonly keys: readonly string[];
  readonly units: Readonly<Record<'memory' | 'rx' | 'tx' | 'read' | 'write', ByteUnit>>;
}

const hasValues = computed(() => lastFrame.value?.containers !== undefined);

function unitOf(column: ViewColumn): ByteUnit {
  const block = lastFrame.peek()?.containers;
  if (block === undefined) return columnByteUnit([]);
  const start = block.columns.indexOf(column) * block.rows;
  return columnByteUnit(block.values.subarray(start, start + block.rows));
}

function compute(filter: Filter, sort: Sort): Ordered {
  const block = lastFrame.peek()?.containers;
  return {
    keys: orderContainers({ containers: containers.peek(), block, filter, sort }),
    units: {
      memory: unitOf('memoryWorkingSetBytes'),
      rx: unitOf('networkReceiveBytesPerSecond'),
      tx: unitOf('networkTransmitBytesPerSecond'),
      read: unitOf('blockReadBytesPerSecond'),
      write: unitOf('blockWriteBytesPerSecond'),
    },
  };
}

/**
 * The rows to show. A new filter or sort acts at once, new values each five seconds and never while the order is paused;
 * containers that come or go while it is are added at the end or taken out.
 */
export function useOrder(filter: Filter, sort: Sort): Ordered {
  const [ordered, setOrdered] = useState<Ordered>(() => compute(filter, sort));
  const wanted = useRef({ filter, sort });
  wanted.current = { filter, sort };

  // Before the browser paints: a header that says one order above rows in another would be wrong for a frame.
  useLayoutEffect(() => {
    setOrdered(compute(filter, sort));
  }, [filter, sort.key, sort.descending]);

  useEffect(() => {
    const recompute = (): void => {
      // Before any values the page shows no rows, and a thousand of them would be put in order twice.
      if (!hasFrame.peek()) return;
      const next = compute(wanted.current.filter, wanted.current.sort);
      setOrdered((before) =>
        orderPaused.peek() ? { keys: keepOrder(before.keys, next.keys), units: before.units } : next,
      );
    };
    const stops = [containers.subscribe(recompute), hasValues.subscribe(recompute)];
    const timer = setInterval(() => {
      if (!orderPaused.peek()) recompute();
    }, RESORT_MS);
    return () => {
      clearInterval(timer);
      for (const stop of stops) stop();
      orderPaused.value = false;
    };
  }, []);

  return ordered;
}
