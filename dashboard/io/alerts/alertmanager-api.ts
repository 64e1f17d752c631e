import { Hono, type Context } from 'hono';
import type { Clock } from '../../../native/host/clock.ts';
import type { Logger } from '../../../native/host/log.ts';
import type { Alert } from '../../model/alert/alert.ts';
import { compileMatchers, parseMatchers, type LabelTest } from '../../model/alert/matcher.ts';
import { compileFullMatch, type FullMatcher } from '../../model/alert/regex.ts';
import type { Suppression } from '../../model/notify/flush.ts';
import { payloadAlert } from '../../model/notify/webhook-payload.ts';
import type { AuditLog } from '../access/audit-log.ts';
import { auditing } from '../access/auditing.ts';
import { gate } from '../access/gate.ts';
import type { Env } from '../http.ts';
import type { NotifyParts } from '../notify/assemble.ts';
import { SilenceRefused } from '../notify/silences.ts';
import type { RequestGuard } from '../request-guard.ts';
import { faultSentence, jsonObject } from './access.ts';
import { gettableSilence, postableSilence } from './silence-json.ts';

export interface AlertmanagerApiParts {
  readonly guard: RequestGuard;
  readonly audit: AuditLog;
  readonly log: Logger;
  readonly alerts: () => readonly Alert[];
  readonly notify: NotifyParts;
  readonly externalUrl: string;
  readonly version: string;
  readonly clock: Clock;
}

/** How long a firing alert is valid for whoever reads it, milliseconds. */
const VALID_MS = 5 * 60_000;

/** An alert as it is shown, with what filters ask about. */
interface SeenAlert {
  readonly kind: 'active' | 'silenced' | 'inhibited' | 'muted';
  readonly receivers: readonly string[];
  readonly json: object;
}

interface AlertFilter {
  readonly takes: LabelTest;
  readonly receiver: FullMatcher | undefined;
  readonly wants: (state: SeenAlert['kind']) => boolean;
}

/** @throws {RangeError} for a filter that cannot be read. */
function filterOf(context: Context<Env>): AlertFilter {
  const filters = context.req.queries('filter') ?? [];
  const receiver = context.req.query('receiver');
  return {
    takes: compileMatchers(filters.flatMap(parseMatchers)),
    receiver: receiver === undefined ? undefined : compileFullMatch(receiver),
    wants: (state) => context.req.query(state) !== 'false',
  };
}

function kindOf(suppression: Suppression | undefined): SeenAlert['kind'] {
  if (suppression === undefined || suppression.kind === 'held') return 'active';
  return suppression.kind;
}

/** The part of Alertmanager's API v2 that amtool, karma and Grafana use to look and to silence. */
class AlertmanagerView {
  readonly #parts: AlertmanagerApiParts;
  readonly #startedAt: string;

  constructor(parts: AlertmanagerApiParts) {
    this.#parts = parts;
    this.#startedAt = new Date(parts.clock.nowMs()).toISOString();
  }

  status(): object {
    const { version } = this.#parts;
    return {
      cluster: { status: 'disabled', peers: [] },
      config: { original: '# weft keeps its receivers and routes in the file of --notify\n' },
      uptime: this.#startedAt,
      versionInfo: { version, revision: '', branch: '', buildUser: '', buildDate: '', goVersion: '' },
    };
  }

  receivers(): object[] {
    const names = new Set(this.#parts.notify.channels.all.map(({ receiver }) => receiver));
    return [...names].map((name) => ({ name }));
  }

  alerts(filter: AlertFilter): object[] {
    return this.#firing()
      .map((alert) => ({ alert, view: this.#view(alert) }))
      .filter(({ alert, view }) => this.#isWanted(alert, view, filter))
      .map(({ view }) => view.json);
  }

  groups(filter: AlertFilter): object[] {
    const { groups } = this.#parts.notify;
    return groups.all.flatMap((group) => {
      const alerts = group.alerts
        .filter(({ state }) => state.kind === 'firing')
        .map((alert) => ({ alert, view: this.#view(alert) }))
        .filter(({ alert, view }) => this.#isWanted(alert, view, filter));
      if (alerts.length === 0) return [];
      const receiver = { name: group.route.receiver };
      return [
        {
          labels: group.labels,
          routeLabels: group.route.labels,
          receiver,
          alerts: alerts.map(({ view }) => view.json),
        },
      ];
    });
  }

  #firing(): readonly Alert[] {
    return this.#parts.alerts().filter(({ state }) => state.kind === 'firing');
  }

  #isWanted(alert: Alert, view: SeenAlert, { takes, receiver, wants }: AlertFilter): boolean {
    if (!takes(alert.labels) || !wants(view.kind)) return false;
    return receiver === undefined || view.receivers.some((name) => receiver.matches(name));
  }

  #view(alert: Alert): SeenAlert {
    const { notify, clock, externalUrl } = this.#parts;
    const nowUnixMs = clock.nowMs();
    const suppression = notify.notifier.suppression(alert);
    const silences = notify.silences.book.silencing(alert, nowUnixMs);
    const receivers = notify.groups.routesFor(alert.labels).map(({ receiver }) => receiver);
    const kind = kindOf(suppression);
    const { labels, annotations, startsAt, generatorURL, fingerprint } = payloadAlert(alert, externalUrl);
    const iso = (unixMs: number): string => new Date(unixMs).toISOString();
    return {
      kind,
      receivers,
      json: {
        annotations,
        endsAt: iso(nowUnixMs + VALID_MS),
        fingerprint,
        receivers: receivers.map((name) => ({ name })),
        startsAt,
        status: {
          state: kind === 'active' ? 'active' : 'suppressed',
          silencedBy: silences.map(({ id }) => id),
          inhibitedBy: suppression?.kind === 'inhibited' ? [suppression.by.fingerprint] : [],
          mutedBy: suppression?.kind === 'muted' ? [suppression.by] : [],
        },
        updatedAt: iso(nowUnixMs),
        generatorURL,
        labels,
      },
    };
  }
}

/** Everything below `/api/v2`; errors are JSON strings, as Alertmanager's are. */
export function createAlertmanagerApi(parts: AlertmanagerApiParts): Hono<Env> {
  const { guard, audit, log, notify, clock } = parts;
  const { silences } = notify;
  const view = new AlertmanagerView(parts);
  const api = new Hono<Env>();
  // Tools for Alertmanager know no scopes: it shows everything or nothing.
  api.use(
    '*',
    auditing({ audit, guard, clock, log }, () => undefined),
    gate(guard, () => undefined),
  );
  const filtered = (answer: (filter: AlertFilter) => object[]) => (context: Context<Env>) => {
    try {
      return context.json(answer(filterOf(context)));
    } catch (error) {
      if (error instanceof RangeError || error instanceof SyntaxError) return context.json(error.message, 400);
      throw error;
    }
  };
  api.get('/status', (context) => context.json(view.status()));
  api.get('/receivers', (context) => context.json(view.receivers()));
  api.get(
    '/alerts',
    filtered((filter) => view.alerts(filter)),
  );
  api.get(
    '/alerts/groups',
    filtered((filter) => view.groups(filter)),
  );
  api.get('/silences', (context) => {
    try {
      const wanted = (context.req.queries('filter') ?? []).flatMap(parseMatchers);
      const takes = compileMatchers(wanted);
      // A silence is matched by what its own equality matchers say, as Alertmanager does it.
      const shown = silences.book.all.filter(({ matchers }) =>
        takes(Object.fromEntries(matchers.map(({ name, value }) => [name, value]))),
      );
      return context.json(shown.map((silence) => gettableSilence(silence, clock.nowMs())));
    } catch (error) {
      if (error instanceof RangeError) return context.json(error.message, 400);
      throw error;
    }
  });
  api.post('/silences', async (context) => {
    const body = postableSilence.safeParse(await jsonObject(context));
    if (!body.success) return context.json(faultSentence(body.error), 400);
    try {
      return context.json({ silenceID: silences.put(body.data) });
    } catch (error) {
      if (error instanceof SilenceRefused) return context.json(error.message, error.status);
      throw error;
    }
  });
  api.get('/silence/:id', (context) => {
    const silence = silences.book.get(context.req.param('id'));
    if (silence === undefined) return context.json('silence not found', 404);
    return context.json(gettableSilence(silence, clock.nowMs()));
  });
  api.delete('/silence/:id', (context) => {
    try {
      silences.expire(context.req.param('id'));
      return context.body(null, 200);
    } catch (error) {
      if (error instanceof SilenceRefused) return context.json(error.message, error.status);
      throw error;
    }
  });
  return api;
}
