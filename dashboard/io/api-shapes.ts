import { z } from 'zod';
import type { JsonSchema, RouteShapes } from '../model/api/openapi.ts';
import { ROLES } from '../model/access.ts';
import { BLOCK_DEVICE_COUNTS, INTERFACE_COUNTS } from '../model/api-devices.ts';
import { event, history } from './history/history-shapes.ts';
import { backupShape } from './backup/backup.ts';
import { configFile, integration } from './settings/settings-shapes.ts';
import { channel, delivery, group, muteWindow, routing, silence } from './notify/notify-shapes.ts';
import { view, viewBody } from './saved-view-shapes.ts';
import { HOST_VIEW_COLUMNS, VIEW_COLUMNS } from '../view-wire.ts';

const text = z.string();
const maybeText = z.string().nullable();
const number = z.number();
const maybeNumber = z.number().nullable();
const time = z.string().meta({ format: 'date-time' });
const maybeTime = time.nullable();
const labels = z.record(z.string(), z.string());
const role = z.enum(ROLES);
const nothing = z.strictObject({});

const user = z.strictObject({
  id: text,
  name: text,
  role,
  scope: maybeText,
  source: z.enum(['local', 'proxy']),
  hasPassword: z.boolean(),
  createdAt: time,
});
const enrolmentToken = z.strictObject({
  id: text,
  name: text,
  createdAt: time,
  createdBy: text,
  expiresAt: maybeTime,
  expired: z.boolean(),
  lastUsedAt: maybeTime,
  formerSecretUntil: maybeTime,
});
const apiToken = enrolmentToken.extend({ role, scope: maybeText });
const host = z.strictObject({
  nodeId: text,
  name: text,
  state: z.enum(['live', 'late', 'stale']),
  ageMs: maybeNumber,
  lastFrameAt: maybeTime,
  subnet: maybeText,
  overlay: z.looseObject({ subnet: text, present: z.boolean().nullable() }).nullable(),
  kernel: maybeText,
  cgroupMode: maybeText,
  agentVersion: maybeText,
  hostCpuCores: maybeNumber,
  memoryTotalBytes: maybeNumber,
  bootTime: maybeTime,
  tags: labels.describe('What its operator says of it: `--tag zone=a`.'),
  containers: number,
  fullestMount: maybeText.describe('Where the file system is mounted that fullestUsedRatio is of.'),
  ...Object.fromEntries(HOST_VIEW_COLUMNS.map((column) => [column, maybeNumber])),
});
const container = z.strictObject({
  key: text,
  series: maybeText,
  nodeId: text,
  host: text,
  name: text,
  runtime: text,
  image: maybeText,
  labels,
  state: z.enum(['running', 'paused', 'stale']),
  ageMs: maybeNumber,
  startedAt: maybeTime,
  cpuLimitCores: maybeNumber,
  memoryLimitBytes: maybeNumber,
  pidsLimit: maybeNumber,
  ...Object.fromEntries(VIEW_COLUMNS.map((column) => [column, maybeNumber])),
});
const containerDevices = z.strictObject({
  key: text,
  series: maybeText,
  state: z.enum(['told', 'unanswered', 'untold']).describe('untold: the agent is of before this was asked.'),
  at: maybeTime,
  monotonicMs: maybeNumber.describe("The agent's clock, for rates between two answers."),
  interfaces: z
    .array(z.strictObject({ name: text, ...Object.fromEntries(INTERFACE_COUNTS.map((each) => [each, maybeNumber])) }))
    .nullable(),
  blockDevices: z
    .array(
      z.strictObject({ name: text, ...Object.fromEntries(BLOCK_DEVICE_COUNTS.map((each) => [each, maybeNumber])) }),
    )
    .nullable(),
  sharedWith: z.array(z.strictObject({ key: text, series: text.optional(), name: text })),
  sharedCount: number,
});
const alert = z.looseObject({
  fingerprint: text,
  rule: text,
  state: z.enum(['pending', 'firing', 'recovering', 'resolved']),
  labels,
  annotations: labels,
  severity: text,
  value: maybeNumber,
  threshold: number,
  noData: z.boolean(),
  delivery: text,
  activeAt: maybeTime,
  firedAt: maybeTime,
  resolvedAt: maybeTime,
});
const rule = z.looseObject({
  id: text,
  name: text,
  metric: text,
  enabled: z.boolean(),
  origin: z.enum(['builtin', 'file', 'api']),
  health: z.enum(['ok', 'error', 'limited']),
  rule: z.looseObject({ name: text }),
  file: text.nullable().describe('The file that it is of.'),
  source: z.looseObject({ name: text }).describe('As it is written in a file.'),
});
const status = z.looseObject({
  version: text,
  etcd: z.enum(['connected', 'unavailable', 'off']),
  webhooks: number,
  hosts: number,
  containers: number,
  history: z.looseObject({ complete: z.boolean(), reason: maybeText }),
  remoteWrite: z.looseObject({}).nullable(),
  notifier: z.strictObject({ isThis: z.boolean(), leader: text.nullable() }),
});
const backtest = z.looseObject({ fired: number, targets: number, summary: text, episodes: z.array(z.looseObject({})) });
const audited = z.strictObject({
  seq: number,
  at: time,
  actor: maybeText,
  actorKind: z.enum(['user', 'token', 'file', 'nobody']),
  action: text,
  target: text,
  address: text,
  status: number,
});

/** Without the name of the dialect, which is the whole document's. */
const schemaOf = (schema: z.ZodType): JsonSchema =>
  Object.fromEntries(Object.entries(z.toJSONSchema(schema)).filter(([name]) => name !== '$schema'));
const ok = (schema: z.ZodType, rest: Omit<RouteShapes, 'status' | 'answer'> = {}): RouteShapes => ({
  status: 200,
  answer: schemaOf(schema),
  ...rest,
});
const made = (schema: z.ZodType, body: z.ZodType): RouteShapes => ({
  status: 201,
  answer: schemaOf(schema),
  body: schemaOf(body),
});
const takes = (body: z.ZodType): Pick<RouteShapes, 'body'> => ({ body: schemaOf(body) });
const file = (type: string): RouteShapes => ({ status: 200, answer: { type: 'string', format: 'binary' }, type });
const list = (name: string, schema: z.ZodType): z.ZodType => z.strictObject({ [name]: z.array(schema) });

const grant = {
  role,
  scope: maybeText.optional().describe('Label matchers such as `project=shop`; only for viewers.'),
};
const lifetime = { expiresInDays: number.nullable().optional() };
const password = text.describe('At least 10 characters.');
const ruleBody = z.looseObject({ name: text, metric: text, op: text }).describe('A rule as in a file of rules.');
const channelBody = z.looseObject({ type: text, name: text }).describe('A channel as in the file of --notify.');
const rotation = z.strictObject({
  graceHours: number.optional().describe('How long the former secret stays good; 24.'),
});
const silenceBody = silence.pick({ matchers: true, startsAt: true, endsAt: true, createdBy: true, comment: true });
const newSecret = { token: text.describe('Shown this once.') };

/** What every route of the API takes and answers with, by `METHOD /path`. */
export const API_SHAPES: Readonly<Record<string, RouteShapes>> = {
  'GET /openapi.json': ok(z.looseObject({ openapi: text, paths: z.looseObject({}) })),
  'GET /sign-in': ok(z.strictObject({ password: z.boolean() })),
  'POST /login': ok(
    z.strictObject({ expiresAt: time }),
    takes(z.union([z.strictObject({ token: text }), z.strictObject({ name: text, password: text })])),
  ),
  'POST /logout': ok(nothing),
  'POST /login-tokens': { status: 201, answer: schemaOf(z.strictObject({ loginToken: text, url: text })) },
  'GET /me': ok(
    z.strictObject({
      kind: z.enum(['user', 'token', 'file']),
      name: text,
      role,
      scope: maybeText,
      needsPassword: z.boolean(),
      canSetPassword: z.boolean(),
    }),
  ),
  'PUT /me/password': ok(nothing, takes(z.strictObject({ password, current: text.optional(), name: text.optional() }))),
  'GET /views': ok(list('views', view)),
  'POST /views': made(view, viewBody),
  'PUT /views/{id}': ok(view, takes(viewBody.partial())),
  'DELETE /views/{id}': ok(nothing),
  'GET /users': ok(list('users', user)),
  'POST /users': made(user, z.strictObject({ name: text, password, ...grant })),
  'PUT /users/{id}': ok(user, takes(z.strictObject({ name: text, password, ...grant }).partial())),
  'DELETE /users/{id}': ok(user),
  'GET /tokens': ok(list('tokens', apiToken)),
  'POST /tokens': made(apiToken.extend(newSecret), z.strictObject({ name: text, ...grant, ...lifetime })),
  'POST /tokens/{id}/rotate': ok(apiToken.extend(newSecret), takes(rotation)),
  'DELETE /tokens/{id}': ok(apiToken),
  'GET /enrolment-tokens': ok(list('tokens', enrolmentToken)),
  'POST /enrolment-tokens': made(enrolmentToken.extend(newSecret), z.strictObject({ name: text, ...lifetime })),
  'POST /enrolment-tokens/{id}/rotate': ok(enrolmentToken.extend(newSecret), takes(rotation)),
  'DELETE /enrolment-tokens/{id}': ok(enrolmentToken),
  'GET /audit': ok(list('entries', audited), { query: { limit: '1 to 1000; 100', before: 'the `seq` of an entry' } }),
  'GET /backup': ok(backupShape),
  'GET /integrations': ok(list('integrations', integration)),
  'GET /config': ok(list('files', configFile)),
  'GET /exports/grafana': {
    ...file('application/gzip'),
    query: {
      prometheusUrl: 'Prometheus as Grafana reaches it; http://localhost:9090',
      dashboardsPath: 'where Grafana will see the dashboards',
    },
  },
  'GET /exports/prometheus-rules': file('application/yaml'),
  'GET /status': ok(status),
  'GET /hosts': ok(list('hosts', host)),
  'GET /containers': ok(list('containers', container)),
  'GET /devices': ok(list('containers', containerDevices), {
    query: { container: 'a key or series as GET /containers tells it; up to 8 of them' },
  }),
  'GET /alerts': ok(list('alerts', alert)),
  'GET /alerts/history': ok(z.strictObject({ episodes: z.array(z.looseObject({})), more: z.boolean() }), {
    query: { from: 'such as -7d', to: 'a time', q: 'a filter', limit: 'a number', format: 'json or csv' },
  }),
  'GET /events': ok(z.strictObject({ events: z.array(event), more: z.boolean(), partial: maybeText }), {
    query: {
      from: 'such as -1h',
      to: 'a time',
      service: 'a line, for its events and those of the other replicas of its service',
      series: 'a line, up to 8 times, for its events and alerts; of a host those of its containers too',
      kinds: 'ended,oom',
      limit: '1 to 1000; 100',
    },
  }),
  'GET /history': ok(history, {
    query: {
      series: 'a line, up to 50 times',
      columns: 'a,b',
      from: 'such as -6h',
      to: 'a time',
      step: '1m',
      format: 'json or csv',
    },
  }),
  'GET /rules': ok(
    z.strictObject({
      rules: z.array(rule),
      metrics: z.array(z.strictObject({ name: text, subject: text, unit: text, counter: z.boolean() })),
      files: z.array(z.strictObject({ path: text, rules: number, faults: z.array(text) })),
    }),
  ),
  'GET /rules/{id}': ok(rule),
  'POST /rules': made(rule, ruleBody),
  'PUT /rules/{id}': ok(rule, takes(ruleBody)),
  'DELETE /rules/{id}': ok(nothing),
  'POST /rules/preview': ok(
    z.strictObject({
      matches: number,
      targets: z.array(z.strictObject({ host: text.optional(), container: text.optional() })),
    }),
    takes(ruleBody),
  ),
  'POST /rules/backtest': ok(backtest, takes(ruleBody)),
  'GET /silences': ok(list('silences', silence)),
  'POST /silences': made(z.strictObject({ id: text }), silenceBody),
  'DELETE /silences/{id}': ok(nothing),
  'GET /mute-windows': ok(list('muteWindows', muteWindow)),
  'POST /mute-windows': made(
    z.strictObject({ name: text }),
    z.looseObject({ name: text, timeIntervals: z.array(z.looseObject({})) }),
  ),
  'DELETE /mute-windows/{name}': ok(nothing),
  'GET /groups': ok(list('groups', group)),
  'GET /routes': ok(list('routes', routing)),
  'POST /routes/test': ok(
    list('routes', z.looseObject({ key: text, receiver: text })),
    takes(z.strictObject({ labels })),
  ),
  'GET /channels': ok(list('channels', channel)),
  'POST /channels': made(channel, channelBody),
  'PUT /channels/{id}': ok(channel, takes(channelBody)),
  'DELETE /channels/{id}': ok(nothing),
  'POST /channels/{id}/enable': ok(channel),
  'POST /channels/{id}/test': ok(z.looseObject({ outcome: text, body: text, latencyMs: number })),
  'GET /deliveries': ok(list('deliveries', delivery), { query: { limit: '1 to 1000; 100' } }),
  'POST /deliveries/{seq}/resend': ok(nothing),
  'POST /alerts/{fingerprint}/acknowledge': ok(
    nothing,
    takes(z.strictObject({ by: text.optional(), comment: text.optional() })),
  ),
  'DELETE /alerts/{fingerprint}/acknowledge': ok(nothing),
};
