import type { Server, Socket } from 'socket.io';
import { z } from 'zod';
import type { Clock } from '../../native/host/clock.ts';
import type { Logger } from '../../native/host/log.ts';
import { devicesAnswerSchema, DEVICES_REQUEST, type DevicesAnswer } from '../../statsd/device-wire.ts';
import {
  AGENT_NAMESPACE,
  AGENT_WIRE_VERSION,
  agentHandshakeSchema,
  containerExitSchema,
  frameSchema,
  inventorySchema,
  MAX_BACKFILL_FRAMES,
  type AgentHandshake,
  type Frame,
} from '../../statsd/wire.ts';
import type { Cluster } from '../model/cluster.ts';
import type { Received } from '../model/host-feed.ts';
import type { DevicesQuestion } from '../model/room-devices.ts';
import { GuardedSocket } from './guarded-socket.ts';
import type { DashboardMetrics } from './metrics.ts';
import { TOLD_REFUSALS, TokenBucket } from './token-bucket.ts';

export interface AgentFeedParts {
  readonly cluster: Cluster;
  /** Values of a host changed. */
  readonly onFrame: () => void;
  /** Whether a token lets an agent in, as a question that is asked again; `undefined` for one that does not. */
  readonly admission: (token: string) => (() => boolean) | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: DashboardMetrics;
}

/** A frame a second and an inventory now and then; after a gap up to a thousand ends of containers and the back-fill. */
const LIMIT = { burst: 2000, perSecond: 50 };

/** A fresh inventory is asked for at most this often, milliseconds. */
const RESYNC_EVERY_MS = 2000;

const backfillSchema = z.array(frameSchema).max(MAX_BACKFILL_FRAMES);

/** How long an agent may take to answer a question beyond some of its ticks, milliseconds: it answers after the next one. */
const ANSWER_SLACK_MS = 3000;

/** Who an agent says to be, and whether it still may. */
interface Admitted {
  readonly handshake: AgentHandshake;
  readonly isAllowed: () => boolean;
}

/** What an agent may be told of why it is not let in; not which part of a token was wrong. */
function refusalOf(auth: unknown, admission: AgentFeedParts['admission']): string | Admitted {
  const version = z.object({ v: z.number() }).safeParse(auth);
  if (version.success && version.data.v !== AGENT_WIRE_VERSION)
    return `this dashboard speaks version ${AGENT_WIRE_VERSION} of the agents' protocol, not ${version.data.v}: update the older one`;
  const handshake = agentHandshakeSchema.safeParse(auth);
  if (!handshake.success) return 'the handshake is incomplete: expected v, token, nodeId and hostname';
  const isAllowed = admission(handshake.data.token);
  if (isAllowed === undefined)
    return "the agent token is wrong, expired or revoked: give statsd the one in the dashboard's agent-token file, or a new one of its settings";
  return { handshake: handshake.data, isAllowed };
}

/** One connected agent. */
class AgentConnection {
  readonly #parts: AgentFeedParts;
  readonly #socket: Socket;
  readonly #nodeId: string;
  readonly #guard: GuardedSocket;
  #lastResyncMs = -Infinity;

  constructor(socket: Socket, { handshake: { nodeId }, isAllowed }: Admitted, parts: AgentFeedParts) {
    this.#socket = socket;
    this.#nodeId = nodeId;
    this.#parts = parts;
    const { clock, log, metrics } = parts;
    const onRefused = (namespace: string, reason: string): void => {
      metrics.refused.inc({ namespace, reason });
    };
    this.#guard = new GuardedSocket(socket, { namespace: 'agent', clock, log, limit: LIMIT, isAllowed, onRefused });
    this.#guard.on('inventory', inventorySchema, (inventory) => {
      if (inventory.host.nodeId !== nodeId) {
        this.#guard.fault('inventory: it speaks for another node than the handshake');
        return;
      }
      const verdict = parts.cluster.inventory(inventory, this.#received());
      if (verdict !== 'applied') this.#guard.fault(`inventory: ${verdict}`);
    });
    this.#guard.on('frame', frameSchema, (frame) => {
      this.#take(frame);
    });
    this.#guard.on('backfill', backfillSchema, (frames) => {
      for (const frame of frames) this.#take(frame);
    });
    this.#guard.on('exit', containerExitSchema, (exit) => {
      parts.cluster.exit(nodeId, exit, parts.clock.monotonicMs());
    });
  }

  #received(): Received {
    const { clock } = this.#parts;
    return { nowUnixMs: clock.nowMs(), nowMonotonicMs: clock.monotonicMs() };
  }

  #take(frame: Frame): void {
    const verdict = this.#parts.cluster.frame(this.#nodeId, frame, this.#received());
    this.#parts.metrics.frames.inc({ verdict });
    if (verdict === 'live') this.#parts.onFrame();
    if (verdict === 'wrong-length') this.#guard.fault('frame: its blocks do not fit its table');
    if (verdict === 'unknown-table') this.#resync();
  }

  #resync(): void {
    const now = this.#parts.clock.monotonicMs();
    if (now - this.#lastResyncMs < RESYNC_EVERY_MS) return;
    this.#lastResyncMs = now;
    this.#socket.emit('resync');
  }
}

export interface AgentDoor {
  /** Ends the connections of agents whose token no longer lets them in. */
  dropRevoked(): void;
  /** Asks all agents for a frame each so many milliseconds, those that come later too; 0 for every frame. */
  setPace(everyMs: number): void;
  /** Asks an agent for the devices of some containers; `undefined` when it is away, does not answer, or answers nonsense. */
  devices(question: DevicesQuestion): Promise<DevicesAnswer | undefined>;
}

/**
 * Serves the namespace of the agents. Nobody gets in without a token; whoever has one can speak for any host, and each
 * connection only for the one of its handshake.
 */
export function serveAgents(io: Server, parts: AgentFeedParts): AgentDoor {
  const { cluster, clock, log, metrics } = parts;
  const namespace = io.of(AGENT_NAMESPACE);
  const current = new Map<string, Socket>();
  const admissions = new WeakMap<Socket, Admitted>();
  const refusals = new TokenBucket(TOLD_REFUSALS, clock.monotonicMs());
  let everyMs = 0;
  namespace.use((socket, next) => {
    const admitted = refusalOf(socket.handshake.auth, parts.admission);
    if (typeof admitted !== 'string') {
      admissions.set(socket, admitted);
      next();
      return;
    }
    metrics.refused.inc({ namespace: 'agent', reason: 'handshake' });
    if (refusals.take(clock.monotonicMs()))
      log.warn({ address: socket.handshake.address, why: admitted }, 'agent refused');
    next(new Error(admitted));
  });
  namespace.on('connection', (socket) => {
    const admitted = admissions.get(socket);
    if (admitted === undefined) return;
    const { nodeId, hostname } = admitted.handshake;
    const received = { nowUnixMs: clock.nowMs(), nowMonotonicMs: clock.monotonicMs() };
    if (!cluster.connect(nodeId, hostname, received)) {
      log.error({ nodeId, hostname }, 'agent refused: too many hosts');
      socket.disconnect(true);
      return;
    }
    // An agent that comes back before its old connection was missed: the new one is right.
    current.get(nodeId)?.disconnect(true);
    current.set(nodeId, socket);
    metrics.agents.set(current.size);
    log.info({ nodeId, hostname }, 'agent connected');
    new AgentConnection(socket, admitted, parts);
    socket.emit('pace', { everyMs });
    socket.on('disconnect', (reason) => {
      if (current.get(nodeId) === socket) current.delete(nodeId);
      metrics.agents.set(current.size);
      log.info({ nodeId, hostname, reason }, 'agent disconnected');
    });
  });
  return {
    devices: async ({ nodeId, keys, intervalMs }) => {
      const socket = current.get(nodeId);
      if (socket === undefined) return undefined;
      try {
        const raw: unknown = await socket
          .timeout(2 * intervalMs + ANSWER_SLACK_MS)
          .emitWithAck(DEVICES_REQUEST, { keys });
        return devicesAnswerSchema.parse(raw);
      } catch (error) {
        if (error instanceof z.ZodError) metrics.refused.inc({ namespace: 'agent', reason: 'malformed' });
        return undefined;
      }
    },
    dropRevoked: () => {
      for (const [nodeId, socket] of current) {
        if (admissions.get(socket)?.isAllowed() !== false) continue;
        log.info({ nodeId }, 'agent disconnected: its token was revoked');
        socket.disconnect(true);
      }
    },
    setPace: (wantedMs) => {
      if (wantedMs === everyMs) return;
      everyMs = wantedMs;
      cluster.setPace(everyMs);
      log.info(
        { everyMs },
        everyMs === 0 ? 'somebody looks: agents send every frame' : 'nobody looks: agents send less often',
      );
      namespace.emit('pace', { everyMs });
    },
  };
}
