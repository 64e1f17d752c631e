import { io, type Socket } from 'socket.io-client';
import { DEVICES_REQUEST, type ContainerDevices } from '../../statsd/device-wire.ts';
import {
  AGENT_NAMESPACE,
  AGENT_WIRE_VERSION,
  type AgentToDashboard,
  type ContainerExit,
  type ContainerInventory,
  type DashboardToAgent,
  type Inventory,
} from '../../statsd/wire.ts';

/** What a container of the feeder uses; change it while the feeder runs. */
export interface Load {
  cpuCores: number;
  memoryWorkingSetBytes: number;
  blockReadBytesPerSecond: number;
  blockWriteBytesPerSecond: number;
  pidsCurrent: number;
}

export interface FedContainer extends Partial<Load> {
  readonly name: string;
  readonly image?: string;
  readonly runtime?: string;
  readonly state?: 'running' | 'paused';
  readonly labels?: Readonly<Record<string, string>>;
  readonly startedAtUnixMs?: number;
  readonly memoryLimitBytes?: number;
  readonly cpuLimitCores?: number;
  readonly network?: ContainerInventory['network'];
  readonly netnsInode?: number;
  /** What the agent answers about it after so many seconds. Without it for any container it is an agent of before. */
  readonly devices?: (seconds: number) => Omit<ContainerDevices, 'key'>;
}

/** What the host itself has. */
export interface FedHost {
  readonly tags?: Readonly<Record<string, string>>;
  readonly bootTimeUnixMs?: number;
  /** Its swap and its fullest file system; without it, it is an agent of before, which does not tell. */
  readonly room?: Readonly<Record<(typeof ROOM_COLUMNS)[number], number>> & { readonly fullestMount: string };
}

const ROOM_COLUMNS = ['swapTotalBytes', 'swapFreeBytes', 'fullestSizeBytes', 'fullestAvailableBytes'] as const;

export interface FeederOptions {
  /** Of the dashboard: `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly token: string;
  readonly nodeId: string;
  readonly hostname: string;
  readonly containers: readonly FedContainer[];
  /** Each time values were taken, before they are sent. */
  readonly onSample?: (atUnixMs: number) => void;
  readonly host?: FedHost;
}

/** One host's stats agent as far as the wire is concerned: it dials, sends its inventory and a frame a second. */
export interface AgentFeeder extends AsyncDisposable {
  /** By container name. */
  setLoad(name: string, load: Partial<Load>): void;
  /** Replaces the table. */
  setContainers(containers: readonly FedContainer[]): void;
  /** Ends a container, and tells how; then its row is gone. */
  end(name: string, exit: Pick<ContainerExit, 'exitCode' | 'oomKilled' | 'ranForMs'>): void;
  /** Falls silent as a host that lost its network; the dashboard sees it go stale. */
  stop(): Promise<void>;
}

const INTERVAL_MS = 1000;
const HOST_CORES = 4;
const HOST_MEMORY_BYTES = 16 * 2 ** 30;

const IDLE: Load = {
  cpuCores: 0.05,
  memoryWorkingSetBytes: 32 * 2 ** 20,
  blockReadBytesPerSecond: 0,
  blockWriteBytesPerSecond: 0,
  pidsCurrent: 1,
};

interface Row {
  readonly inventory: ContainerInventory;
  readonly devices: FedContainer['devices'];
  readonly load: Load;
  cpuSeconds: number;
  readBytes: number;
  writtenBytes: number;
}

function rowOf(container: FedContainer, index: number): Row {
  const {
    name,
    image,
    runtime = 'runc',
    labels = {},
    startedAtUnixMs,
    memoryLimitBytes,
    cpuLimitCores,
    network,
    netnsInode,
    devices,
    state,
    ...load
  } = container;
  return {
    devices,
    inventory: {
      key: `${runtime}:${index}-${name}`.slice(0, 512),
      id: String(index),
      name,
      runtime,
      image,
      labels,
      cgroupPath: `/fed/${index}`,
      startedAtUnixMs,
      memoryLimitBytes,
      cpuLimitCores,
      network,
      netnsInode,
      state,
    },
    load: { ...IDLE, ...load },
    cpuSeconds: 0,
    readBytes: 0,
    writtenBytes: 0,
  };
}

/** Of what a real agent sends beyond the first version's columns. */
const EXTRA_COLUMNS = [
  'cpuPeriods',
  'cpuThrottledPeriods',
  'memoryRssBytes',
  'memoryCacheBytes',
  'memoryShmemBytes',
  'memorySlabBytes',
  'networkReceiveBytes',
  'networkTransmitBytes',
  'cpuWaitingSeconds',
  'ioWaitingSeconds',
];
const HOST_EXTRA_COLUMNS = [
  'cpuUserSeconds',
  'cpuSystemSeconds',
  'cpuIowaitSeconds',
  'rootSizeBytes',
  'rootAvailableBytes',
];

/** A container's share in {@link EXTRA_COLUMNS}: made of what is said of it, so that it is held back and waits when it is busy. */
function extraOf({ load, cpuSeconds, readBytes, writtenBytes }: Row): number[] {
  const { memoryWorkingSetBytes: memory } = load;
  const split = [memory * 0.7, memory * 0.35, memory * 0.1, memory * 0.05];
  return [cpuSeconds * 20, cpuSeconds * 3, ...split, readBytes, writtenBytes, cpuSeconds * 0.2, cpuSeconds * 0.05];
}

/** The frame's columns, in the contract's order. */
function block(columns: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Float64Array.from(columns.flat()).buffer);
}

class Feeder implements AgentFeeder {
  readonly #options: FeederOptions;
  readonly #socket: Socket<DashboardToAgent, AgentToDashboard>;
  readonly #timer: NodeJS.Timeout;
  #rows: Row[];
  #tableVersion = 0;
  #seq = 0;
  #busySeconds = 0;
  #lastMs = performance.now();

  constructor(options: FeederOptions) {
    this.#options = options;
    this.#rows = options.containers.map(rowOf);
    const { token, nodeId, hostname } = options;
    this.#socket = io(`${options.url}${AGENT_NAMESPACE}`, {
      transports: ['websocket'],
      auth: { v: AGENT_WIRE_VERSION, token, nodeId, hostname },
      reconnectionDelay: 200,
      reconnectionDelayMax: 500,
      forceNew: true,
    });
    this.#socket.on('connect', () => {
      this.#sendInventory();
    });
    this.#socket.on('resync', () => {
      this.#sendInventory();
    });
    this.#socket.on('devices', ({ keys }, answer) => {
      const asked = this.#rows.filter(({ inventory }) => keys.includes(inventory.key));
      const monotonicMs = performance.now();
      answer({
        timeUnixMs: Date.now(),
        monotonicMs,
        containers: asked.flatMap(({ inventory: { key }, devices }) =>
          devices === undefined ? [] : [{ key, ...devices(monotonicMs / 1000) }],
        ),
      });
    });
    this.#timer = setInterval(() => {
      this.#sendFrame();
    }, INTERVAL_MS);
  }

  /** Settles when the dashboard let it in, with the reason when it did not. */
  async connected(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    this.#socket.once('connect', () => {
      resolve(undefined);
    });
    this.#socket.once('connect_error', reject);
    await promise;
  }

  setLoad(name: string, load: Partial<Load>): void {
    const row = this.#rows.find(({ inventory }) => inventory.name === name);
    if (row === undefined) throw new RangeError(`no container ${name} on ${this.#options.hostname}`);
    Object.assign(row.load, load);
  }

  setContainers(containers: readonly FedContainer[]): void {
    this.#rows = containers.map(rowOf);
    this.#tableVersion += 1;
    this.#sendInventory();
  }

  end(name: string, exit: Pick<ContainerExit, 'exitCode' | 'oomKilled' | 'ranForMs'>): void {
    const row = this.#rows.find(({ inventory }) => inventory.name === name);
    if (row === undefined) throw new RangeError(`no container ${name} on ${this.#options.hostname}`);
    this.#socket.emit('exit', { v: AGENT_WIRE_VERSION, key: row.inventory.key, atUnixMs: Date.now(), ...exit });
    this.#rows = this.#rows.filter((each) => each !== row);
    this.#tableVersion += 1;
    this.#sendInventory();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#socket.disconnect();
    await Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #sendInventory(): void {
    const { nodeId, hostname, host: { tags, bootTimeUnixMs, room } = {} } = this.#options;
    const inventory: Inventory = {
      v: AGENT_WIRE_VERSION,
      tableVersion: this.#tableVersion,
      host: {
        nodeId,
        hostname,
        agentVersion: '0.1.0',
        kernel: '6.18.0',
        cgroupMode: 'v2',
        cpuCores: HOST_CORES,
        memoryTotalBytes: HOST_MEMORY_BYTES,
        intervalMs: INTERVAL_MS,
        tags,
        bootTimeUnixMs,
        ...(this.#rows.some(({ devices }) => devices !== undefined) ? { answers: [DEVICES_REQUEST] } : {}),
      },
      containers: this.#rows.map((row) => row.inventory),
      extraColumns: EXTRA_COLUMNS,
      hostExtraColumns: [...HOST_EXTRA_COLUMNS, ...(room === undefined ? [] : ROOM_COLUMNS)],
    };
    this.#socket.emit('inventory', inventory);
  }

  #extra(): Uint8Array<ArrayBuffer> {
    const rows = this.#rows.map(extraOf);
    const columns = EXTRA_COLUMNS.map((_, column) => rows.map((values) => values[column] ?? Number.NaN));
    const busy = this.#busySeconds;
    const room = this.#options.host?.room;
    const ofRoom = room === undefined ? [] : ROOM_COLUMNS.map((name) => [room[name]]);
    return block([...columns, [busy * 0.7], [busy * 0.25], [busy * 0.02], [100e9], [40e9], ...ofRoom]);
  }

  #sendFrame(): void {
    const nowMs = performance.now();
    const seconds = (nowMs - this.#lastMs) / 1000;
    this.#lastMs = nowMs;
    for (const row of this.#rows) {
      row.cpuSeconds += row.load.cpuCores * seconds;
      row.readBytes += row.load.blockReadBytesPerSecond * seconds;
      row.writtenBytes += row.load.blockWriteBytesPerSecond * seconds;
    }
    const usedCores = this.#rows.reduce((sum, { load }) => sum + load.cpuCores, 0.2);
    const usedBytes = this.#rows.reduce((sum, { load }) => sum + load.memoryWorkingSetBytes, 2 ** 30);
    this.#busySeconds += Math.min(HOST_CORES, usedCores) * seconds;
    this.#seq += 1;
    if (!this.#socket.connected) return;
    const timeUnixMs = Date.now();
    this.#options.onSample?.(timeUnixMs);
    this.#socket.volatile.emit('frame', {
      v: AGENT_WIRE_VERSION,
      seq: this.#seq,
      timeUnixMs,
      monotonicMs: nowMs,
      tableVersion: this.#tableVersion,
      containers: block([
        this.#rows.map((row) => row.cpuSeconds),
        this.#rows.map(() => 0),
        this.#rows.map(({ load }) => load.memoryWorkingSetBytes * 1.1),
        this.#rows.map(({ load }) => load.memoryWorkingSetBytes),
        this.#rows.map((row) => row.readBytes),
        this.#rows.map((row) => row.writtenBytes),
        this.#rows.map(({ load }) => load.pidsCurrent),
      ]),
      host: block([
        [this.#busySeconds],
        [HOST_MEMORY_BYTES],
        [Math.max(0, HOST_MEMORY_BYTES - usedBytes)],
        [usedCores],
      ]),
      extra: this.#extra(),
      fullestMount: this.#options.host?.room?.fullestMount,
    });
  }
}

/** Connects an agent that feeds what the test says; ends with its scope (`await using`). */
export async function startAgentFeeder(options: FeederOptions): Promise<AgentFeeder> {
  const feeder = new Feeder(options);
  try {
    await feeder.connected();
  } catch (error) {
    await feeder.stop();
    throw error;
  }
  return feeder;
}
