import type { AlertView } from '../../wire.ts';
import type { Cluster } from '../cluster.ts';
import type { Alert } from './alert.ts';

/** The pages of what an alert is about: its host, and the line of history of its container while that is there. */
export function placeOf(cluster: Cluster, { target, labels }: Alert): Pick<AlertView, 'nodeId' | 'series'> {
  const end = target.indexOf('/');
  const nodeId = target.slice(0, Math.max(0, end));
  const feed = cluster.hosts.get(nodeId)?.feed;
  if (feed === undefined) return {};
  const name = labels['container'];
  if (name === undefined) return { nodeId };
  // A life is known by its container's name, and outlives it.
  const row =
    feed.rows.get(target.slice(end + 1)) ?? feed.rows.values().find(({ inventory }) => inventory.name === name);
  const series = row?.line?.key;
  return series === undefined ? { nodeId } : { nodeId, series };
}
