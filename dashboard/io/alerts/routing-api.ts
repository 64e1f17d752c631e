import type { Hono } from 'hono';
import { z } from 'zod';
import type { Principal } from '../../model/access.ts';
import type { RowOrder } from '../../model/cluster-view.ts';
import type { Group } from '../../model/notify/group-book.ts';
import type { Route } from '../../model/notify/route.ts';
import { alertsInScope } from '../../model/scope.ts';
import { principalOf } from '../access/gate.ts';
import type { Env } from '../http.ts';
import type { NotifyParts } from '../notify/assemble.ts';
import { jsonObject } from './access.ts';
import type { Doors } from './doors.ts';

const labelsSchema = z.object({ labels: z.record(z.string(), z.string().max(1024)) });

export interface RoutingApiParts {
  readonly notify: Pick<NotifyParts, 'groups' | 'channels'>;
  /** The rows of now, by which it is told what a scope sees. */
  readonly order: () => RowOrder;
}

type ChannelNames = (receiver: string) => readonly string[];

/** A route and those below it, each with how deep it stands and what it takes of its parent's alerts. */
function routeViews(route: Route, above: readonly Route[], channelsOf: ChannelNames): object[] {
  const parent = above.at(-1);
  const view = {
    key: route.key,
    depth: above.length,
    matchers: parent === undefined ? '{}' : route.key.slice(parent.key.length + 1),
    receiver: route.receiver,
    channels: channelsOf(route.receiver),
    groupBy: route.groupBy,
    groupWaitMs: route.groupWaitMs,
    groupIntervalMs: route.groupIntervalMs,
    repeatIntervalMs: route.repeatIntervalMs,
    muteTimeIntervals: route.muteTimeIntervals,
    activeTimeIntervals: route.activeTimeIntervals,
    continue: route.continue,
  };
  return [view, ...route.routes.flatMap((child) => routeViews(child, [...above, route], channelsOf))];
}

/** Groups as they wait for their next look, and where an alert would go. */
export function addRouting(
  api: Hono<Env>,
  { notify: { groups, channels }, order }: RoutingApiParts,
  { reading, changing }: Doors,
): void {
  /** The labels of a group are those that all of its alerts have, so a scope that takes one of them may know them. */
  const seenBy = ({ scope }: Principal): readonly Readonly<Group>[] => {
    if (scope === undefined) return groups.all;
    const isSeen = alertsInScope(order(), scope);
    return groups.all
      .map((group) => ({ ...group, alerts: group.alerts.filter(isSeen) }))
      .filter(({ alerts }) => alerts.length > 0);
  };
  api.get(
    '/groups',
    reading((context) =>
      context.json({
        groups: seenBy(principalOf(context)).map(({ key, route, labels, nextFlushUnixMs, flushed, alerts }) => ({
          key,
          receiver: route.receiver,
          labels,
          nextFlushAt: new Date(nextFlushUnixMs).toISOString(),
          told: flushed,
          alerts: alerts.map(({ fingerprint }) => fingerprint),
        })),
      }),
    ),
  );
  const channelsOf: ChannelNames = (receiver) =>
    channels.all.filter((channel) => channel.receiver === receiver).map(({ spec }) => spec.name);
  api.get(
    '/routes',
    reading((context) => context.json({ routes: routeViews(groups.root, [], channelsOf) })),
  );
  api.post(
    '/routes/test',
    changing(async (context) => {
      const { labels } = labelsSchema.parse(await jsonObject(context));
      const routes = groups.routesFor(labels).map(({ key, receiver, groupBy }) => ({ key, receiver, groupBy }));
      return context.json({ routes });
    }),
  );
}
