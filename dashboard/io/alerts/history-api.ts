import type { Hono } from 'hono';
import type { Clock } from '../../../native/host/clock.ts';
import { episodesCsv, episodeView, type AlertEpisode, type ToldEpisode } from '../../model/alert/episode.ts';
import { episodePlaces } from '../../model/alert/episode-place.ts';
import { parseEpisodeQuery, type EpisodeQuery } from '../../model/alert/episode-query.ts';
import type { RowOrder } from '../../model/cluster-view.ts';
import type { Cluster } from '../../model/cluster.ts';
import { alertsInScope } from '../../model/scope.ts';
import { principalOf } from '../access/gate.ts';
import type { EpisodeStore } from '../episode-store.ts';
import type { Env } from '../http.ts';
import { problem } from '../problem.ts';
import type { Doors } from './doors.ts';

export interface AlertHistoryParts {
  readonly episodes: EpisodeStore;
  readonly cluster: Pick<Cluster, 'history'>;
  /** The rows of now, by which it is told what a scope sees. */
  readonly order: () => RowOrder;
  readonly clock: Clock;
}

type EpisodeTest = (episode: AlertEpisode) => boolean;

/** What was found of what may be seen, and whether there is more of that than was asked for. */
function find(
  store: EpisodeStore,
  query: EpisodeQuery,
  isSeen: EpisodeTest,
): { readonly found: ToldEpisode[]; readonly more: boolean } {
  const found: ToldEpisode[] = [];
  for (const episode of store.read(query)) {
    if (!query.takes(episode.labels) || !isSeen(episode)) continue;
    if (found.length === query.limit) return { found, more: true };
    found.push(store.withTold(episode));
  }
  return { found, more: false };
}

/** When alerts fired, until when, and who was told. */
export function addAlertHistory(
  api: Hono<Env>,
  { episodes, cluster, order, clock }: AlertHistoryParts,
  { reading }: Pick<Doors, 'reading'>,
): void {
  api.get(
    '/alerts/history',
    reading((context) => {
      const query = parseEpisodeQuery(context.req.query(), clock.nowMs());
      if ('fault' in query) return problem(context, 400, query.fault);
      const { scope } = principalOf(context);
      const isSeen = scope === undefined ? () => true : alertsInScope(order(), scope);
      const { found, more } = find(episodes, query, isSeen);
      if (query.format === 'json') {
        const placeOf = episodePlaces(cluster.history.all());
        return context.json({ episodes: found.map((each) => ({ ...episodeView(each), ...placeOf(each) })), more });
      }
      return context.body(episodesCsv(found), 200, {
        'content-type': 'text/csv; charset=utf-8; header=present',
        'content-disposition': 'attachment; filename="weft-alerts.csv"',
      });
    }),
  );
}
