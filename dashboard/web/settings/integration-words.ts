/** An integration as `GET /api/v1/integrations` tells it. */
export interface IntegrationAnswer {
  readonly kind: 'remoteWrite' | 'remoteRead' | 'statsd' | 'alertmanager' | 'prometheus' | 'forwardAuth';
  readonly name: string;
  readonly state: 'off' | 'untried' | 'ok' | 'failing';
  readonly targets: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  readonly lastSuccessAt: string | null;
  readonly lastError: { readonly at: string; readonly reason: string } | null;
  readonly settings: readonly string[];
}

interface Words {
  readonly what: string;
  /** What to write, and into which file; without it there is nothing to configure. */
  readonly example?: string;
}

const CHANNEL_FILE = (channel: string): string => `# the file of --notify, or a channel under Channels
receivers:
  - name: ops
    channels:
      - ${channel}
route: { receiver: ops }`;

/** What each kind is good for, and how it is configured. */
export const INTEGRATION_WORDS: Readonly<Record<IntegrationAnswer['kind'], Words>> = {
  remoteWrite: {
    what: 'Sends the averages of each ten seconds to a store that takes remote write: Prometheus, VictoriaMetrics, Mimir.',
    example: `# the file of --config
remoteWriteUrl: http://prometheus:9090/api/v1/write
remoteTokenFile: /etc/weft/remote-token # if it asks for a bearer token`,
  },
  remoteRead: {
    what: 'Asks that store (query_range) for what is older than the past that is kept here.',
    example: `# the file of --config
remoteReadUrl: http://prometheus:9090
remoteTokenFile: /etc/weft/remote-token # the same for both`,
  },
  statsd: {
    what: 'Tells a StatsD daemon the state of each alert as a service check. Datagrams are not acknowledged: “works” says that they were sent and not refused.',
    example: CHANNEL_FILE('{ type: statsd, name: checks, host: 10.0.0.5, port: 8125 }'),
  },
  alertmanager: {
    what: 'Forwards every alert to an Alertmanager, which groups and silences by itself.',
    example: CHANNEL_FILE('{ type: alertmanager, name: am, url: "http://10.0.0.5:9093" }'),
  },
  prometheus: {
    what: 'Dashboards for Grafana and the same alerts for Prometheus, made of the rules in force, those of the page too.',
  },
  forwardAuth: {
    what: 'A proxy in front that speaks OpenID Connect (oauth2-proxy, Authelia, authentik) says whom it let in. Headers of anybody else are not believed.',
    example: `# the file of --config; Authelia's headers. oauth2-proxy: X-Forwarded-User and X-Forwarded-Groups
publicUrl: https://weft.example
trustedProxy: [10.0.0.5] # the proxy alone, not its network
forwardAuthHeader: Remote-User
forwardAuthGroupsHeader: Remote-Groups
adminGroups: [weft-admins]
editorGroups: [weft-editors]
viewerGroups: [staff]`,
  },
};

/** `sentSamples` is `Sent samples`. */
export function countName(name: string): string {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
}
