/** What another program has to do with this dashboard. */
export const INTEGRATION_KINDS = [
  'remoteWrite',
  'remoteRead',
  'statsd',
  'alertmanager',
  'prometheus',
  'forwardAuth',
] as const;
export type IntegrationKind = (typeof INTEGRATION_KINDS)[number];

/** `untried`: it is configured, and nothing went that way since the start. */
export type IntegrationState = 'off' | 'untried' | 'ok' | 'failing';

/** The last time that something did not work, and why. */
export interface IntegrationFailure {
  readonly atUnixMs: number;
  readonly reason: string;
}

/** What was seen of one integration since the start. */
export interface IntegrationTrack {
  readonly lastSuccessUnixMs: number | undefined;
  readonly lastFailure: IntegrationFailure | undefined;
}

export const NO_TRACK: IntegrationTrack = { lastSuccessUnixMs: undefined, lastFailure: undefined };

export interface Integration extends IntegrationTrack {
  readonly kind: IntegrationKind;
  /** Which one of its kind. */
  readonly name: string;
  readonly state: IntegrationState;
  /** Where it leads, without what may be secret in an address. */
  readonly targets: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

/** How an integration does: what came last counts. */
export function stateOfTrack({ lastSuccessUnixMs, lastFailure }: IntegrationTrack): IntegrationState {
  if (lastFailure !== undefined && lastFailure.atUnixMs >= (lastSuccessUnixMs ?? -Infinity)) return 'failing';
  return lastSuccessUnixMs === undefined ? 'untried' : 'ok';
}

/** Settings by which each kind is configured. */
export const INTEGRATION_SETTINGS: Readonly<Record<IntegrationKind, readonly string[]>> = {
  remoteWrite: ['remoteWriteUrl', 'remoteTokenFile'],
  remoteRead: ['remoteReadUrl', 'remoteTokenFile'],
  statsd: ['notify'],
  alertmanager: ['notify'],
  prometheus: [],
  forwardAuth: [
    'trustedProxy',
    'forwardAuthHeader',
    'forwardAuthGroupsHeader',
    'adminGroups',
    'editorGroups',
    'viewerGroups',
    'publicUrl',
  ],
};

const iso = (unixMs: number): string => new Date(unixMs).toISOString();

/** An integration as the API tells it. */
export function integrationView({ lastSuccessUnixMs, lastFailure, ...rest }: Integration): object {
  return {
    ...rest,
    lastSuccessAt: lastSuccessUnixMs === undefined ? null : iso(lastSuccessUnixMs),
    lastError: lastFailure === undefined ? null : { at: iso(lastFailure.atUnixMs), reason: lastFailure.reason },
    settings: INTEGRATION_SETTINGS[rest.kind],
  };
}

/** An address without its query, where tokens are put. */
export function shownUrl(url: string): string {
  const { origin, pathname, search } = new URL(url);
  return `${origin}${pathname}${search === '' ? '' : '?…'}`;
}
