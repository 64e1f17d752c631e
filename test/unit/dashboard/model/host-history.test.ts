import { expect, test } from 'vitest';
import { HISTORY_POINTS } from '../../../../dashboard/model/cluster-view.ts';
import { Cluster } from '../../../../dashboard/model/cluster.ts';
import { LiveView } from '../../../../dashboard/model/live-view.ts';
import { selectionOf } from '../../../../dashboard/model/view-selection.ts';
import { decodeHostHistory } from '../../../../dashboard/web/columns.ts';
import { aFrame, anInventory, at, T0 } from '../builders.ts';

/** Two hosts for a quarter of a minute: the first uses a core and 40 bytes, the second two and 70. */
function viewOfTwo(): LiveView {
  const cluster = new Cluster();
  for (const number of [1, 2]) {
    cluster.inventory(anInventory([], { nodeId: `n${number}`, hostname: `h${number}` }), at(0));
    for (let seq = 1; seq <= 14; seq += 1) {
      const host = {
        cpuBusySeconds: seq * number,
        memoryTotalBytes: 100,
        memoryAvailableBytes: number === 1 ? 60 : 30,
      };
      cluster.frame(`n${number}`, aFrame(seq, [], { host }), at(seq));
    }
  }
  const view = new LiveView(cluster, { version: '0', startedAtUnixMs: 0, webhooks: 0 }, { version: 1, etcd: 'off' });
  view.refresh();
  return view;
}

test('the view of the hosts is sent the past of each of them', () => {
  const message = viewOfTwo()
    .open(selectionOf({ view: 'hosts' })!)
    .history(T0 + 14_000);
  const past = decodeHostHistory(message, 2);
  const lastOf = (values: Float32Array | undefined, row: number): number | undefined =>
    values?.[(row + 1) * HISTORY_POINTS - 1];
  expect([0, 1].map((row) => lastOf(past?.cpuCores, row))).toEqual([1, 2]);
  expect([0, 1].map((row) => lastOf(past?.memoryUsedBytes, row))).toEqual([40, 70]);
  // Nothing was told a minute before the first frame.
  expect(past?.cpuCores[HISTORY_POINTS - 12]).toBeNaN();
  expect(decodeHostHistory(message, 3)).toBeUndefined();
});

test('views that show no lines of hosts are not', () => {
  const { hosts } = viewOfTwo()
    .open(selectionOf({ view: 'overview' })!)
    .history(T0 + 14_000);
  expect(hosts).toBeUndefined();
  expect(decodeHostHistory({ points: HISTORY_POINTS }, 2)).toBeUndefined();
});
