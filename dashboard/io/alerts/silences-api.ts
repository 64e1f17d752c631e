import type { Hono } from 'hono';
import type { Clock } from '../../../native/host/clock.ts';
import type { Principal } from '../../model/access.ts';
import type { AlertBook } from '../../model/alert/book.ts';
import type { RowOrder } from '../../model/cluster-view.ts';
import type { Silence } from '../../model/notify/silence.ts';
import { alertsInScope } from '../../model/scope.ts';
import { silencesInScope } from '../../model/silence-scope.ts';
import { principalOf } from '../access/gate.ts';
import type { Env } from '../http.ts';
import type { NotifyParts } from '../notify/assemble.ts';
import { problem } from '../problem.ts';
import { jsonObject } from './access.ts';
import type { Doors } from './doors.ts';
import { gettableSilence, postableSilence } from './silence-json.ts';

export interface SilencesApiParts {
  readonly notify: Pick<NotifyParts, 'silences' | 'muteWindows'>;
  readonly book: Pick<AlertBook, 'alerts'>;
  /** The rows of now, by which it is told what a scope sees. */
  readonly order: () => RowOrder;
  readonly clock: Clock;
}

/** Silences, and the mute windows that the API makes. */
export function addSilences(api: Hono<Env>, parts: SilencesApiParts, { reading, changing }: Doors): void {
  const { notify, book, order, clock } = parts;
  const { silences, muteWindows } = notify;
  const seenBy = ({ scope }: Principal): readonly Silence[] =>
    scope === undefined
      ? silences.book.all
      : silencesInScope(silences.book.all, book.alerts.filter(alertsInScope(order(), scope)));
  api.get(
    '/silences',
    reading((context) =>
      context.json({
        silences: seenBy(principalOf(context)).map((silence) => gettableSilence(silence, clock.nowMs())),
      }),
    ),
  );
  api.post(
    '/silences',
    changing(async (context) => {
      const id = silences.put(postableSilence.parse(await jsonObject(context)));
      return context.json({ id }, 201);
    }),
  );
  api.delete(
    '/silences/:id',
    changing((context) => {
      silences.expire(context.req.param('id') ?? '');
      return context.json({});
    }),
  );
  api.get(
    '/mute-windows',
    reading((context) => context.json({ muteWindows: muteWindows.views })),
  );
  api.post(
    '/mute-windows',
    changing(async (context) => {
      const { name } = muteWindows.put(await jsonObject(context));
      return context.json({ name }, 201);
    }),
  );
  api.delete(
    '/mute-windows/:name',
    changing((context) =>
      muteWindows.remove(context.req.param('name') ?? '')
        ? context.json({})
        : problem(context, 404, 'there is no such mute window of the API'),
    ),
  );
}
