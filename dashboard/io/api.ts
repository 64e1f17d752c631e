import { Hono, type Context } from 'hono';
import type { Clock } from '../../native/host/clock.ts';
import type { Logger } from '../../native/host/log.ts';
import { openApiDocument } from '../model/api/openapi.ts';
import { routeOf } from '../model/api/routes.ts';
import { apiAlerts } from '../model/api-view.ts';
import type { RowOrder } from '../model/cluster-view.ts';
import { alertsInScope, rowsInScope, type Scope } from '../model/scope.ts';
import type { AlertView } from '../wire.ts';
import { addAudit } from './access/audit-api.ts';
import type { AuditLog } from './access/audit-log.ts';
import { auditing } from './access/auditing.ts';
import { gate, principalOf } from './access/gate.ts';
import { addLogin } from './access/login-api.ts';
import { addTokens, addUsers } from './access/users-api.ts';
import { addAlerts, type AlertsApiParts } from './alerts/alerts-api.ts';
import { API_SHAPES } from './api-shapes.ts';
import type { AgentDoor } from './agent-feed.ts';
import type { Auth } from './auth.ts';
import { addDevices } from './devices-api.ts';
import { addEvents } from './events-api.ts';
import { addHistory } from './history/history-api.ts';
import type { HistoryReader } from './history/history-reader.ts';
import type { Env } from './http.ts';
import type { DashboardMetrics } from './metrics.ts';
import type { RequestGuard } from './request-guard.ts';
import { addSavedViews } from './saved-views-api.ts';
import type { SavedViews } from './saved-views.ts';
import { addSettings, type SettingsSource } from './settings/settings-api.ts';

/** What the read-only part of the API answers with. */
export interface ApiSource {
  order(): RowOrder;
  status(): object;
  hosts(order: RowOrder, scope: Scope | undefined): object[];
  containers(order: RowOrder): object[];
  alerts(): readonly AlertView[];
}

export interface ApiParts {
  readonly auth: Auth;
  readonly audit: AuditLog;
  readonly views: SavedViews;
  readonly guard: RequestGuard;
  readonly source: ApiSource;
  readonly history: HistoryReader;
  readonly askDevices: AgentDoor['devices'];
  readonly settings: SettingsSource;
  readonly alerting: Omit<AlertsApiParts, 'clock' | 'order'>;
  readonly version: string;
  readonly loginUrl: (token: string) => string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: DashboardMetrics;
}

/** The rows of now, cut to what who asks may see. */
const ordersOf =
  (source: ApiSource) =>
  (context: Context<Env>): RowOrder => {
    const { scope } = principalOf(context);
    return scope === undefined ? source.order() : rowsInScope(source.order(), scope);
  };

/** What is live. */
function addLive(api: Hono<Env>, source: ApiSource): void {
  const orderFor = ordersOf(source);
  api.get('/status', (context) => {
    const { hosts, containers } = orderFor(context);
    return context.json({ ...source.status(), hosts: hosts.length, containers: containers.length });
  });
  api.get('/hosts', (context) => context.json({ hosts: source.hosts(orderFor(context), principalOf(context).scope) }));
  api.get('/containers', (context) => context.json({ containers: source.containers(orderFor(context)) }));
  api.get('/alerts', (context) => {
    const { scope } = principalOf(context);
    const all = source.alerts();
    const seen = scope === undefined ? all : all.filter(alertsInScope(source.order(), scope));
    return context.json({ alerts: apiAlerts(seen) });
  });
}

/** Everything below `/api/v1`. */
export function createApi(parts: ApiParts): Hono<Env> {
  const { auth, audit, guard, source, clock } = parts;
  const api = new Hono<Env>();
  api.use('*', auditing({ audit, guard, clock, log: parts.log }, routeOf), gate(guard, routeOf));
  addLogin(api, parts);
  addUsers(api, { auth, clock });
  addTokens(api, { auth, clock });
  addAudit(api, audit);
  addSavedViews(api, parts.views);
  addSettings(api, parts);
  addAlerts(api, { ...parts.alerting, order: () => source.order(), clock });
  addHistory(api, { reader: parts.history, order: () => source.order(), clock });
  addEvents(api, { reader: parts.history, episodes: parts.alerting.episodes, order: () => source.order(), clock });
  addLive(api, source);
  addDevices(api, { orderFor: ordersOf(source), ask: parts.askDevices });
  const document = openApiDocument(parts.version, API_SHAPES);
  api.get('/openapi.json', (context) => context.json(document));
  return api;
}
