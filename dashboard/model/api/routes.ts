import type { Need } from '../access.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** One thing that `/api/v1` answers. */
export interface ApiRoute {
  readonly method: Method;
  /** Below `/api/v1`: `/rules/{id}`. */
  readonly path: string;
  readonly need: Need;
  /** One sentence for the document. */
  readonly summary: string;
  /** It shows somebody with a label scope no more than the scope; without it, it is closed to them. */
  readonly scoped?: true;
  /** It changes nothing, although it is no GET. */
  readonly asks?: true;
  /** Who asked for it is written down, although it is a GET. */
  readonly audited?: true;
}

type Place = `${Method} /${string}`;

function route(place: Place, need: Need, rest: Omit<ApiRoute, 'method' | 'path' | 'need'>): ApiRoute {
  const [method, path] = place.split(' ') as [Method, string];
  return { method, path, need, ...rest };
}

/** Who may do what. What is not in here is answered to viewers when it is a GET, and to editors else. */
export const API_ROUTES: readonly ApiRoute[] = [
  route('GET /openapi.json', 'viewer', { summary: 'This document', scoped: true }),
  route('GET /sign-in', 'anybody', { summary: 'How people can log in here' }),
  route('POST /login', 'anybody', { summary: 'Log in, by a one-time token or by name and password' }),
  route('POST /logout', 'viewer', { summary: 'End this session', scoped: true }),
  route('POST /login-tokens', 'admin', { summary: 'Make a link that logs in an admin once, within an hour' }),
  route('GET /me', 'viewer', { summary: 'Who asks', scoped: true }),
  route('PUT /me/password', 'viewer', { summary: 'Set the own password; all other sessions end', scoped: true }),
  route('GET /views', 'viewer', { summary: 'The own saved views and the shared ones', scoped: true }),
  route('POST /views', 'viewer', { summary: 'Save a view; a shared one needs an editor', scoped: true }),
  route('PUT /views/{id}', 'viewer', { summary: 'Change a saved view; a shared one needs an editor', scoped: true }),
  route('DELETE /views/{id}', 'viewer', { summary: 'Remove a saved view; a shared one needs an editor', scoped: true }),
  route('GET /users', 'admin', { summary: 'The users' }),
  route('POST /users', 'admin', { summary: 'Make a user' }),
  route('PUT /users/{id}', 'admin', { summary: "Change a user; the user's sessions end" }),
  route('DELETE /users/{id}', 'admin', { summary: "Remove a user; the user's sessions end" }),
  route('GET /tokens', 'admin', { summary: 'The API tokens' }),
  route('POST /tokens', 'admin', { summary: 'Make an API token; it is shown once' }),
  route('POST /tokens/{id}/rotate', 'admin', { summary: 'Another secret for an API token' }),
  route('DELETE /tokens/{id}', 'admin', { summary: 'Revoke an API token, as of now' }),
  route('GET /enrolment-tokens', 'admin', { summary: 'The tokens of stats agents' }),
  route('POST /enrolment-tokens', 'admin', { summary: 'Make a token for stats agents; it is shown once' }),
  route('POST /enrolment-tokens/{id}/rotate', 'admin', { summary: 'Another secret for a token of stats agents' }),
  route('DELETE /enrolment-tokens/{id}', 'admin', {
    summary: 'Revoke a token of stats agents: they are disconnected',
  }),
  route('GET /audit', 'admin', { summary: 'Who did what, when and from where' }),
  route('GET /backup', 'admin', {
    summary: 'Download a backup of what was made here, without credentials',
    audited: true,
  }),
  route('GET /integrations', 'viewer', {
    summary:
      'Other programs that this dashboard has to do with: where, how they do, the last error; of single sign-on to admins',
  }),
  route('GET /config', 'viewer', {
    summary: 'What is configured as files, without secrets; the settings of the process to admins',
  }),
  route('GET /exports/grafana', 'viewer', { summary: 'What `weft grafana` writes, with the rules of the page' }),
  route('GET /exports/prometheus-rules', 'viewer', { summary: 'The rules in force as alerting rules of Prometheus' }),
  route('GET /status', 'viewer', { summary: 'Version, state of etcd, counts', scoped: true }),
  route('GET /hosts', 'viewer', { summary: 'The hosts with their last values', scoped: true }),
  route('GET /containers', 'viewer', { summary: 'The containers with their last values', scoped: true }),
  route('GET /devices', 'viewer', { summary: 'Interfaces and block devices of some containers', scoped: true }),
  route('GET /alerts', 'viewer', { summary: 'The alerts', scoped: true }),
  route('GET /alerts/history', 'viewer', { summary: 'Each time that an alert fired', scoped: true }),
  route('GET /events', 'viewer', { summary: 'What happened to containers and alerts', scoped: true }),
  route('GET /history', 'viewer', { summary: 'The past of lines', scoped: true }),
  route('GET /rules', 'viewer', { summary: 'The rules in force with their health', scoped: true }),
  route('GET /rules/{id}', 'viewer', { summary: 'One rule', scoped: true }),
  route('POST /rules', 'editor', { summary: 'Make a rule' }),
  route('PUT /rules/{id}', 'editor', { summary: 'Change a rule of the API' }),
  route('DELETE /rules/{id}', 'editor', { summary: 'Remove a rule of the API' }),
  route('POST /rules/preview', 'editor', { summary: 'What a rule would look at now', asks: true }),
  route('POST /rules/backtest', 'editor', { summary: 'When a rule would have fired', asks: true }),
  route('GET /silences', 'viewer', { summary: 'The silences', scoped: true }),
  route('POST /silences', 'editor', { summary: 'Make or change a silence' }),
  route('DELETE /silences/{id}', 'editor', { summary: 'End a silence' }),
  route('GET /mute-windows', 'viewer', { summary: 'The mute windows' }),
  route('POST /mute-windows', 'editor', { summary: 'Make or change a mute window' }),
  route('DELETE /mute-windows/{name}', 'editor', { summary: 'Remove a mute window of the API' }),
  route('GET /groups', 'viewer', { summary: 'Groups of alerts with their next look', scoped: true }),
  route('GET /routes', 'viewer', { summary: 'Where alerts go, from the root down' }),
  route('POST /routes/test', 'editor', { summary: 'Where an alert would go', asks: true }),
  route('GET /channels', 'viewer', { summary: 'The channels, without their secrets' }),
  route('POST /channels', 'editor', { summary: 'Make a channel' }),
  route('PUT /channels/{id}', 'editor', { summary: 'Change a channel of the API; secrets that are left out stay' }),
  route('DELETE /channels/{id}', 'editor', { summary: 'Remove a channel of the API' }),
  route('POST /channels/{id}/enable', 'editor', { summary: 'Switch a channel on again' }),
  route('POST /channels/{id}/test', 'editor', { summary: 'Send a test and tell what the receiver answered' }),
  route('GET /deliveries', 'viewer', { summary: 'The last attempts to tell a channel' }),
  route('POST /deliveries/{seq}/resend', 'editor', { summary: 'Send what was not taken once more, under its id' }),
  route('POST /alerts/{fingerprint}/acknowledge', 'editor', { summary: 'Stop repeats until the alert ends' }),
  route('DELETE /alerts/{fingerprint}/acknowledge', 'editor', { summary: 'Let repeats be sent again' }),
];

export const API_PREFIX = '/api/v1';

const PATTERNS = API_ROUTES.map((each) => ({
  route: each,
  pattern: new RegExp(`^${each.path.replace(/\{\w+\}/g, '[^/]+')}$`),
}));

/** The route of a request by its whole path; literal paths win over those with a name in them. */
export function routeOf(method: string, path: string): ApiRoute | undefined {
  if (!path.startsWith(API_PREFIX)) return undefined;
  const below = path.slice(API_PREFIX.length);
  const wanted = method === 'HEAD' ? 'GET' : method;
  const fitting = PATTERNS.filter(({ route: each, pattern }) => each.method === wanted && pattern.test(below));
  return (fitting.find(({ route: each }) => each.path === below) ?? fitting[0])?.route;
}

/** What is asked of who sends a request that no route names. */
export function needByMethod(method: string): Need {
  return method === 'GET' || method === 'HEAD' ? 'viewer' : 'editor';
}
