import { useEffect, useRef, useState } from 'preact/hooks';
import { nowUnixMs } from './clock.ts';
import { keepOrder } from './container-rows.ts';
import { hostRows, orderHosts, type HostRow, type HostSort } from './host-rows.ts';
import { orderPaused } from './order-pause.ts';
import { alerts, hosts, lastFrame } from './store.ts';

/** Values move rows no more often than this. */
const RESORT_MS = 5_000;

function firingByHost(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { state, labels } of alerts.value) {
    const host = labels['host'];
    if (host === undefined || (state !== 'firing' && state !== 'recovering')) continue;
    counts.set(host, (counts.get(host) ?? 0) + 1);
  }
  return counts;
}

/** Every host with its values of now, in the inventory's order. */
export function currentHostRows(): HostRow[] {
  const frame = lastFrame.value;
  return hostRows({
    hosts: hosts.value,
    block: frame?.hosts,
    frameUnixMs: frame?.timeUnixMs,
    nowUnixMs: nowUnixMs.value,
    alertsOf: firingByHost(),
  });
}

/** Hosts in an order that a new sort changes at once, values each five seconds, and nothing while somebody points at them. */
export function useHostOrder(rows: readonly HostRow[], sort: HostSort): readonly HostRow[] {
  const order = useRef<{ readonly sort: string; readonly ids: readonly string[] }>({ sort: '', ids: [] });
  const [, setTurn] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => {
      if (orderPaused.peek()) return;
      order.current = { sort: '', ids: [] };
      setTurn((turn) => turn + 1);
    }, RESORT_MS);
    return () => {
      clearInterval(timer);
      orderPaused.value = false;
    };
  }, []);
  const wanted = `${sort.descending ? '-' : ''}${sort.key}`;
  const fresh = orderHosts(rows, sort);
  const ids = order.current.sort === wanted ? keepOrder(order.current.ids, fresh) : fresh;
  order.current = { sort: wanted, ids };
  const byId = new Map(rows.map((row) => [row.host.nodeId, row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}
