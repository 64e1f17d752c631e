import { z } from 'zod';

/** The socket.io namespace of the browser; closed without a session cookie. */
export const UI_NAMESPACE = '/ui';

/**
 * Columns of a frame's container block, in this order: rates and gauges, as the page shows them. NaN where unavailable.
 * `cpuCores` is cores in use; `cpuOfLimitRatio` is of the quota, or of the host's cores where there is none.
 */
export const VIEW_COLUMNS = [
  'cpuCores',
  'cpuOfLimitRatio',
  'memoryWorkingSetBytes',
  'memoryOfLimitRatio',
  'blockReadBytesPerSecond',
  'blockWriteBytesPerSecond',
  'pidsCurrent',
] as const;

export type ViewColumn = (typeof VIEW_COLUMNS)[number];

/** Values per host in a frame's host block, in this order; NaN where unavailable. */
export const HOST_VIEW_COLUMNS = [
  'cpuCores',
  'memoryUsedBytes',
  'containersCpuCores',
  'containersMemoryBytes',
] as const;

export type HostViewColumn = (typeof HOST_VIEW_COLUMNS)[number];

/** `live`: data within 2 intervals; `late`: up to 15 s; `stale`: the agent is gone, its last values are shown with their age. */
export type HostState = 'live' | 'late' | 'stale';

export interface OverlayView {
  readonly subnet: string;
  readonly publicIp: string;
  readonly vtepMac: string;
  readonly vni: number;
  readonly mtu: number;
  readonly backendType: string;
  /** The overlay agent's presence in etcd; `false` when its key ran out. `undefined` when etcd cannot be asked. */
  readonly present: boolean | undefined;
}

export interface HostView {
  readonly nodeId: string;
  readonly name: string;
  readonly state: HostState;
  readonly lastFrameUnixMs: number | undefined;
  readonly kernel: string | undefined;
  readonly cgroupMode: string | undefined;
  readonly cpuCores: number | undefined;
  readonly memoryTotalBytes: number | undefined;
  readonly agentVersion: string | undefined;
  readonly containers: number;
  readonly overlay: OverlayView | undefined;
}

export interface ContainerView {
  /** `<nodeId>/<container key>`. */
  readonly key: string;
  readonly nodeId: string;
  readonly hostName: string;
  readonly name: string;
  readonly runtime: string;
  readonly image: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: 'running' | 'stale';
  readonly startedAtUnixMs: number | undefined;
  readonly memoryLimitBytes: number | undefined;
  readonly cpuLimitCores: number | undefined;
  readonly pidsLimit: number | undefined;
}

export type AlertStateName = 'pending' | 'firing' | 'resolved';

export interface AlertView {
  readonly fingerprint: string;
  readonly rule: string;
  readonly state: AlertStateName;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly severity: string;
  readonly metric: string;
  readonly value: number | undefined;
  readonly threshold: number;
  readonly forMs: number;
  readonly activeAtUnixMs: number;
  readonly firedAtUnixMs: number | undefined;
  readonly resolvedAtUnixMs: number | undefined;
  /** The host stopped reporting: the state is kept and nothing new is decided. */
  readonly noData: boolean;
  /** What became of the notification: one sentence a person can read. */
  readonly delivery: string;
}

export interface RuleView {
  readonly name: string;
  readonly metric: string;
  readonly op: string;
  readonly threshold: number;
  readonly forMs: number;
  readonly severity: string;
}

/** What every view may be told of the server itself. */
export interface ServerView {
  readonly version: string;
  readonly startedAtUnixMs: number;
  /** `connected`, `unavailable`, or `off` when no endpoints are configured. */
  readonly etcd: 'connected' | 'unavailable' | 'off';
  readonly webhooks: number;
}

/** The rows that the following frames have; sent again whenever membership or a state changes. */
export interface InventoryMessage {
  readonly inventoryVersion: number;
  readonly timeUnixMs: number;
  readonly server: ServerView;
  readonly hosts: readonly HostView[];
  readonly containers: readonly ContainerView[];
}

/** One second. Blocks are little-endian Float32, column after column, with the rows of the named inventory. */
export interface FrameMessage {
  readonly seq: number;
  readonly timeUnixMs: number;
  readonly inventoryVersion: number;
  readonly containers: Uint8Array | ArrayBuffer;
  readonly hosts: Uint8Array | ArrayBuffer;
}

/** The last minutes for the sparklines: per column one block of `points` values for each container, oldest first. */
export interface HistoryMessage {
  readonly inventoryVersion: number;
  readonly stepMs: number;
  readonly points: number;
  readonly endUnixMs: number;
  /** Columns `cpuOfLimitRatio` then `memoryWorkingSetBytes`: container-major Float32, `rows × points` each. */
  readonly block: Uint8Array | ArrayBuffer;
  /** Sums over the hosts: `cpuCores`, then `memoryUsedBytes`, `points` Float32 each. */
  readonly cluster: Uint8Array | ArrayBuffer;
}

export interface AlertsMessage {
  readonly alerts: readonly AlertView[];
  readonly rules: readonly RuleView[];
}

/** What a page asks to be sent; one view at a time per browser. `none` for a hidden tab. */
export const subscribeSchema = z.object({ view: z.enum(['overview', 'containers', 'alerts', 'none']) });

export type Subscribe = z.infer<typeof subscribeSchema>;

export interface ServerToBrowser {
  inventory(message: InventoryMessage): void;
  history(message: HistoryMessage): void;
  /** Volatile. */
  frame(message: FrameMessage): void;
  alerts(message: AlertsMessage): void;
}

export interface BrowserToServer {
  /** Answered by inventory, history and alerts, then frames follow. */
  subscribe(request: Subscribe): void;
}
