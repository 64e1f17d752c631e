/** What `GET /api/v1/status` says of history and of the remote store. */
export interface ServerStatus {
  readonly version: string;
  /** Which of several dashboards tells people of alerts. */
  readonly notifier: { readonly isThis: boolean; readonly leader: string | null };
  readonly startedAtUnixMs: number;
  readonly etcd: string;
  readonly history: {
    readonly complete: boolean;
    readonly reason: string | null;
    readonly lostBlocks: number;
    readonly bytes: number | null;
    readonly series: number | null;
    readonly oldestMinuteAt: string | null;
    readonly oldestQuarterAt: string | null;
  };
  readonly remoteWrite: {
    readonly waitingRequests: number;
    readonly sentSamples: number;
    readonly droppedSamples: number;
    readonly refusedSamples: number;
    readonly reason?: string;
  } | null;
}
