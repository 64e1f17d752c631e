/** A channel as `GET /api/v1/channels` shows it: secrets only say that they are there. */
export interface ChannelAnswer {
  readonly id: string;
  readonly type: 'webhook' | 'slack' | 'email' | 'pagerduty' | 'statsd' | 'alertmanager';
  readonly name: string;
  readonly receiver: string;
  readonly origin: 'file' | 'api';
  readonly enabled: boolean;
  readonly sendResolved: boolean;
  readonly url?: string;
  readonly host?: string;
  readonly port?: number;
  readonly tls?: string;
  readonly from?: string;
  readonly to?: readonly string[];
  readonly username?: string;
  /** They cannot be read any more, and have to be entered again. */
  readonly secretsLost: boolean;
  readonly disabledBecause: string | null;
}

export interface ChannelsAnswer {
  readonly channels: readonly ChannelAnswer[];
}

/** What `POST /api/v1/channels/ID/test` tells. */
export interface TestAnswer {
  readonly outcome: 'sent' | 'retry' | 'refused';
  readonly why?: string;
  readonly status?: string;
  readonly body: string;
  readonly latencyMs: number;
}
