import type { Socket } from 'socket.io-client';
import { Backoff } from '../../native/host/backoff.ts';
import type { Clock, RandomSource } from '../../native/host/clock.ts';
import type { Logger } from '../../native/host/log.ts';
import type { FrameRing, KeptFrame } from '../model/frame-ring.ts';
import type { LinkCount } from '../model/own-metrics.ts';
import { rebase, type Table } from '../model/table.ts';
import { devicesRequestSchema, type DevicesAnswer } from '../device-wire.ts';
import {
  AGENT_NAMESPACE,
  BACKFILL_FRAMES,
  paceSchema,
  type AgentHandshake,
  type AgentToDashboard,
  type ContainerExit,
  type DashboardToAgent,
  type Inventory,
} from '../wire.ts';

type AgentSocket = Socket<DashboardToAgent, AgentToDashboard>;

export interface DashboardLinkParts {
  readonly url: string;
  /** Made anew for each connection, since the token file may have changed. */
  readonly handshake: () => AgentHandshake;
  /** PEM of the CA that vouches for the dashboard, asked anew for each connection; without it the system's. */
  readonly authority?: (() => string) | undefined;
  readonly ring: FrameRing;
  /** The inventory and its table, once there is one. */
  readonly current: () => { readonly inventory: Inventory; readonly table: Table } | undefined;
  /** Hears what a dashboard asks of single containers. */
  readonly devices: (keys: readonly string[], answer: (answer: DevicesAnswer) => void) => void;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

/** Back within five seconds after a dashboard's restart, yet never all agents at once: 2.5 s ± half. */
const RECONNECT = { reconnectionDelay: 250, reconnectionDelayMax: 2500, randomizationFactor: 0.5 };
const CONNECT_TIMEOUT_MS = 5000;
/** A refusal is not cured by asking often. */
const REFUSED_FIRST_MS = 2000;
const REFUSED_MAX_MS = 30_000;
/** Frames are taken a little early or late. */
const PACE_SLACK_MS = 100;
/** Ends of containers that wait for an absent dashboard. */
const MAX_WAITING_EXITS = 1000;

/** What the library wraps: `websocket error` stands for every failure of the network and of TLS. */
function reasonOf(error: Error): string {
  const { description } = error as { readonly description?: unknown };
  const below = description instanceof Object && 'message' in description ? String(description.message) : '';
  return below === '' ? error.message : `${error.message}: ${below}`;
}

/** The standing connection to one dashboard. Frames are volatile; inventories, exits and what was missed are not. */
export class DashboardLink {
  readonly #parts: DashboardLinkParts;
  readonly #refusal: Backoff;
  #socket: AgentSocket | undefined;
  #lastSeq = -1;
  /** The least time between two frames that the dashboard wants, milliseconds. */
  #everyMs = 0;
  #lastSentMs = -Infinity;
  /** The oldest frame that was kept back and is still owed. */
  #heldSeq: number | undefined;
  #waitingExits: ContainerExit[] = [];
  #complained = false;
  #framesSent = 0;
  #framesDropped = 0;
  #framesBackfilled = 0;
  #exitsDropped = 0;

  constructor(parts: DashboardLinkParts) {
    this.#parts = parts;
    this.#refusal = new Backoff({ firstMs: REFUSED_FIRST_MS, maxMs: REFUSED_MAX_MS, random: parts.random });
  }

  get count(): LinkCount {
    return {
      url: this.#parts.url,
      connected: this.#socket?.connected === true,
      framesSent: this.#framesSent,
      framesDropped: this.#framesDropped,
      framesBackfilled: this.#framesBackfilled,
      exitsDropped: this.#exitsDropped,
    };
  }

  /** Dials, and keeps dialling until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    // Only an agent with a dashboard pays for the library's memory.
    const { io } = await import('socket.io-client');
    const url = new URL(this.#parts.url);
    const socket: AgentSocket = io(`${url.origin}${AGENT_NAMESPACE}`, {
      path: `${url.pathname.replace(/\/$/, '')}/socket.io`,
      transports: ['websocket'],
      forceNew: true,
      autoConnect: false,
      timeout: CONNECT_TIMEOUT_MS,
      ...RECONNECT,
      auth: (give) => {
        give(this.#parts.handshake());
      },
    });
    this.#socket = socket;
    this.#trust(socket);
    socket.io.on('reconnect_attempt', () => {
      this.#trust(socket);
    });
    socket.on('connect', () => {
      this.#connected(socket);
    });
    socket.on('resync', () => {
      const current = this.#parts.current();
      if (current !== undefined) socket.emit('inventory', current.inventory);
    });
    socket.on('pace', (request) => {
      const pace = paceSchema.safeParse(request);
      if (pace.success) this.#pace(socket, pace.data.everyMs);
    });
    socket.on('devices', (request, answer) => {
      const asked = devicesRequestSchema.safeParse(request);
      // Without an acknowledgement there is nobody to answer.
      if (asked.success && typeof answer === 'function') this.#parts.devices(asked.data.keys, answer);
    });
    socket.on('connect_error', (error) => {
      this.#failed(socket, { message: reasonOf(error), signal });
    });
    socket.on('disconnect', (reason) => {
      this.#complained = false;
      this.#parts.log.warn({ dashboard: this.#parts.url, reason }, 'dashboard connection lost');
      if (!socket.active) this.#dialLater(socket, signal);
    });
    const { promise, resolve } = Promise.withResolvers<undefined>();
    signal.addEventListener(
      'abort',
      () => {
        socket.disconnect();
        resolve(undefined);
      },
      { once: true },
    );
    if (!signal.aborted) socket.connect();
    await promise;
  }

  /** The library hands its options to each connection that it makes. */
  #trust({ io }: AgentSocket): void {
    const { authority } = this.#parts;
    if (authority !== undefined) io.opts.ca = authority();
  }

  inventory(inventory: Inventory): void {
    if (this.#socket?.connected === true) this.#socket.emit('inventory', inventory);
  }

  frame({ frame, hasNews = false }: KeptFrame): void {
    const socket = this.#socket;
    if (socket?.connected !== true) return;
    if (!hasNews && frame.monotonicMs - this.#lastSentMs < this.#everyMs - PACE_SLACK_MS) {
      this.#heldSeq ??= frame.seq;
      return;
    }
    this.#lastSeq = frame.seq;
    this.#lastSentMs = frame.monotonicMs;
    if (hasNews || socket.io.engine.transport.writable) this.#framesSent += 1;
    else this.#framesDropped += 1;
    // What a container used last must be there before its end is told.
    (hasNews ? socket : socket.volatile).emit('frame', frame);
  }

  exit(exit: ContainerExit): void {
    if (this.#socket?.connected === true) {
      this.#socket.emit('exit', exit);
      return;
    }
    this.#waitingExits.push(exit);
    if (this.#waitingExits.length <= MAX_WAITING_EXITS) return;
    this.#waitingExits.shift();
    this.#exitsDropped += 1;
  }

  #connected(socket: AgentSocket): void {
    const { log, url, current } = this.#parts;
    // It tells anew how often it wants frames.
    this.#everyMs = 0;
    this.#refusal.reset();
    this.#complained = false;
    log.info({ dashboard: url }, 'connected to dashboard');
    // Ends first: an inventory may hold a new container under the key of one that ended.
    for (const exit of this.#waitingExits) socket.emit('exit', exit);
    this.#waitingExits = [];
    const now = current();
    if (now === undefined) return;
    socket.emit('inventory', now.inventory);
    this.#backfill(socket, this.#lastSeq);
  }

  /** Sends less often, or what was kept back until now. */
  #pace(socket: AgentSocket, everyMs: number): void {
    const isFaster = everyMs === 0 || everyMs < this.#everyMs;
    this.#everyMs = everyMs;
    if (!isFaster || this.#heldSeq === undefined) return;
    this.#backfill(socket, this.#heldSeq - 1);
    this.#heldSeq = undefined;
  }

  /** Sends the frames after one, as far back as they are kept. */
  #backfill(socket: AgentSocket, afterSeq: number): void {
    const now = this.#parts.current();
    const missed = this.#parts.ring.after(afterSeq);
    if (missed.length === 0 || now === undefined) return;
    const frames = missed.map(({ frame, table }) => rebase(frame, table, now.table));
    for (let first = 0; first < frames.length; first += BACKFILL_FRAMES) {
      socket.emit('backfill', frames.slice(first, first + BACKFILL_FRAMES));
    }
    this.#framesBackfilled += missed.length;
    this.#lastSeq = missed.at(-1)?.frame.seq ?? this.#lastSeq;
  }

  #failed(socket: AgentSocket, failure: { readonly message: string; readonly signal: AbortSignal }): void {
    const { log, url } = this.#parts;
    const { message, signal } = failure;
    // While active, the library dials again by itself: nobody answered. Otherwise the dashboard answered, and refused.
    const refused = !socket.active;
    if (!this.#complained) {
      const sentence = refused
        ? `dashboard ${url} refuses this agent: ${message}; check --agent-token or --agent-token-file`
        : `cannot reach dashboard ${url}: ${message}; trying on`;
      log.warn({ dashboard: url }, sentence);
      this.#complained = true;
    }
    if (refused) this.#dialLater(socket, signal);
  }

  #dialLater(socket: AgentSocket, signal: AbortSignal): void {
    this.#parts.clock.sleep(this.#refusal.nextMs(), signal).then(
      () => {
        this.#trust(socket);
        socket.connect();
      },
      () => undefined, // the agent stops
    );
  }
}
