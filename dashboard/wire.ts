import { z } from 'zod';
import { MAX_COMPARED, REQUEST_CHARACTERS } from './view-wire.ts';

/** `live`: data within 2 intervals; `late`: up to 3 and 15 s; `stale`: the agent is gone, its last values are shown with their age. */
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
  readonly bootTimeUnixMs?: number | undefined;
  /** What its operator says of it: `--tag zone=a`. */
  readonly tags: Readonly<Record<string, string>>;
  /** Where the file system is mounted that `fullestUsedRatio` is of; absent where the agent does not tell. */
  readonly fullestMount?: string | undefined;
  readonly containers: number;
  readonly overlay: OverlayView | undefined;
}

export interface ContainerView {
  /** `<nodeId>/<container key>`. */
  readonly key: string;
  /** Its line of history, which outlives it; absent when there was no room for one. A host's is its `nodeId`. */
  readonly series?: string | undefined;
  readonly nodeId: string;
  readonly hostName: string;
  readonly name: string;
  readonly runtime: string;
  readonly image: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** `stale`: its host does not report, so nobody knows. */
  readonly state: 'running' | 'paused' | 'stale';
  readonly startedAtUnixMs: number | undefined;
  readonly memoryLimitBytes: number | undefined;
  readonly cpuLimitCores: number | undefined;
  readonly pidsLimit: number | undefined;
  /** `starting`, `healthy` or `unhealthy`; absent without a health check. */
  readonly health?: string | undefined;
  /** How often its runtime started it again; absent where that is not told. */
  readonly restartCount?: number | undefined;
  /** Whose network counters it shows: `own`, `shared` with other containers; `host` shows none. Absent while that is not known. */
  readonly network?: 'own' | 'shared' | 'host' | undefined;
}

/** `recovering`: the condition is over, and the rule keeps it firing for a while. */
export type AlertStateName = 'pending' | 'firing' | 'recovering' | 'resolved';

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
  readonly resolvedBecause: string | undefined;
  /** The host stopped reporting: the state is kept and nothing new is decided. */
  readonly noData: boolean;
  /** It changed so often that only a digest is sent. */
  readonly flapping: boolean;
  /** The host that it is about, and the line of history of the container; absent where it is about neither, or that is gone. */
  readonly nodeId?: string | undefined;
  readonly series?: string | undefined;
  /** Who looks after it; absent while nobody said so. */
  readonly acknowledgedBy?: string | undefined;
  /** What became of the notification: one sentence a person can read. */
  readonly delivery: string;
}

export interface RuleView {
  readonly id: string;
  readonly name: string;
  readonly metric: string;
  readonly agg: string;
  readonly windowMs: number;
  readonly op: string;
  readonly threshold: number;
  readonly forMs: number;
  readonly severity: string;
  readonly enabled: boolean;
  /** Only what the API made can be changed; `file` wins over it. */
  readonly origin: 'builtin' | 'file' | 'api';
  readonly health: 'ok' | 'error' | 'limited';
  readonly healthMessage: string | undefined;
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
  /** All containers that are known, of which `containers` has those of the view. */
  readonly totalContainers: number;
  /** Where a filter leaves nothing over: the term without which most would be left, and how many. */
  readonly mostExcluding?: { readonly source: string; readonly matchesWithout: number } | undefined;
}

/** What hosts told since the frame before. Blocks are little-endian Float32, column after column, with the rows of the named inventory. */
export interface FrameMessage {
  /** Grows by one with each frame of a room; a browser that misses one before a frame with `changed` or `changedHosts` asks for a `resync`. */
  readonly seq: number;
  readonly timeUnixMs: number;
  readonly inventoryVersion: number;
  /** A bit for each container's row, lowest first: `containers` has only those rows, and all others are as in the frame before. */
  readonly changed?: Uint8Array | ArrayBuffer;
  readonly containers: Uint8Array | ArrayBuffer;
  /** The same of the hosts' rows and `hosts`. */
  readonly changedHosts?: Uint8Array | ArrayBuffer;
  readonly hosts: Uint8Array | ArrayBuffer;
  /** `CONTAINER_DETAIL_COLUMNS` and `HOST_DETAIL_COLUMNS` of all rows, in views of few; `containers` is empty in the view of a host. */
  readonly details?: { readonly containers: Uint8Array | ArrayBuffer; readonly hosts: Uint8Array | ArrayBuffer };
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
  /** In the view of the hosts: `cpuCores`, then `memoryUsedBytes`, host-major, `hosts × points` each. */
  readonly hosts?: Uint8Array | ArrayBuffer;
}

/** A network interface as its container sees it. Rates are absent before the second reading, and where the counters began anew. */
export interface InterfaceView {
  readonly name: string;
  readonly receiveBytesPerSecond?: number | undefined;
  readonly transmitBytesPerSecond?: number | undefined;
  readonly receivePacketsPerSecond?: number | undefined;
  readonly transmitPacketsPerSecond?: number | undefined;
  /** Since the interface began, as what follows. */
  readonly receiveErrors?: number | undefined;
  readonly transmitErrors?: number | undefined;
  readonly receiveDropped?: number | undefined;
  readonly transmitDropped?: number | undefined;
}

/** What a container read from and wrote to a block device. */
export interface BlockDeviceView {
  readonly name: string;
  readonly readBytesPerSecond?: number | undefined;
  readonly writeBytesPerSecond?: number | undefined;
  /** Since the container began. */
  readonly readBytes?: number | undefined;
  readonly writeBytes?: number | undefined;
}

/** A container's interfaces and block devices, as its agent told last. */
export interface DevicesView {
  /** Of the container. */
  readonly key: string;
  /** `untold`: its agent is of before and does not know the question; `waiting`: it did not answer yet. */
  readonly state: 'told' | 'untold' | 'waiting';
  /** When the answer came, by the server's clock. */
  readonly toldAtUnixMs?: number | undefined;
  /** Without loopback; absent when they are not known, or are the host's. */
  readonly interfaces?: readonly InterfaceView[] | undefined;
  /** Those with traffic; absent where the kernel does not count. */
  readonly blockDevices?: readonly BlockDeviceView[] | undefined;
  /** Some of the others in its network namespace, by whose traffic these numbers are too, and how many there are. */
  readonly sharedWith: readonly Pick<ContainerView, 'key' | 'series' | 'name'>[];
  readonly sharedCount: number;
}

/** To the view of a container, whenever it changes. */
export interface DevicesMessage {
  readonly containers: readonly DevicesView[];
}

export interface AlertsMessage {
  readonly alerts: readonly AlertView[];
  readonly rules: readonly RuleView[];
}

/**
 * What a page asks to be sent; one view at a time per browser. `none` for a hidden tab. `host` (a node id) narrows the view `host`, `key` or `series` the view
 * `container`, `series` the view `compare`, and `filter` the view `containers` by everything in it that is no comparison.
 */
export const subscribeSchema = z.object({
  view: z.enum(['overview', 'hosts', 'host', 'containers', 'container', 'compare', 'network', 'alerts', 'none']),
  host: z.string().max(REQUEST_CHARACTERS.host).optional(),
  key: z.string().max(REQUEST_CHARACTERS.key).optional(),
  filter: z.string().max(REQUEST_CHARACTERS.filter).optional(),
  /** Lines of history: a container's `series` or, where it has none, its `key`; a host's `nodeId`. */
  series: z.array(z.string().max(REQUEST_CHARACTERS.series)).max(MAX_COMPARED).readonly().optional(),
});

export type Subscribe = z.infer<typeof subscribeSchema>;

/** What may stand in the place of the term that is being typed. */
export interface Suggestion {
  readonly insert: string;
  /** What it stands for, or how many containers have it. */
  readonly note: string;
}

/** Asks what could be typed at a place of a filter. */
export const suggestSchema = z.object({
  text: z.string().max(REQUEST_CHARACTERS.filter),
  caret: z.number().int().nonnegative().max(REQUEST_CHARACTERS.filter),
});

export type Suggest = z.infer<typeof suggestSchema>;

/** The answer to {@link Suggest}, which it repeats: a later question may have been asked meanwhile. */
export interface SuggestionsMessage extends Suggest {
  /** The part of the text that a suggestion replaces. */
  readonly from: number;
  readonly to: number;
  readonly items: readonly Suggestion[];
}

export interface ServerToBrowser {
  inventory(message: InventoryMessage): void;
  history(message: HistoryMessage): void;
  /** Volatile: soon after a host's sample, and not before the pause after the last one is over. Without samples one each two seconds. */
  frame(message: FrameMessage): void;
  alerts(message: AlertsMessage): void;
  devices(message: DevicesMessage): void;
  /** Ends the answer to a `subscribe`, which it repeats: everything of the view was sent before it. */
  subscribed(request: Subscribe): void;
  suggestions(message: SuggestionsMessage): void;
}

export interface BrowserToServer {
  /** Answered by inventory, history, alerts, a whole frame and `subscribed`, then frames follow. */
  subscribe(request: Subscribe): void;
  /** Asks for a whole frame: one was missed. Answered at most each two seconds; the server sends one by itself when it knows that one was. */
  resync(): void;
  suggest(request: Suggest): void;
}
