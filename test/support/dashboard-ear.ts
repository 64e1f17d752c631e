import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { Server } from 'socket.io';
import { listenOn } from '../../native/host/status-server.ts';
import { devicesAnswerSchema, type DevicesAnswer } from '../../statsd/device-wire.ts';
import {
  AGENT_NAMESPACE,
  AGENT_WIRE_VERSION,
  agentHandshakeSchema,
  containerExitSchema,
  frameSchema,
  inventorySchema,
  type AgentToDashboard,
  type ContainerExit,
  type DashboardToAgent,
  type Frame,
  type Inventory,
} from '../../statsd/wire.ts';

/** What agents sent, oldest first. */
export interface Received extends AsyncDisposable {
  readonly inventories: Inventory[];
  readonly frames: Frame[];
  readonly backfilled: Frame[];
  readonly exits: ContainerExit[];
  readonly events: string[];
  readonly refusals: string[];
  /** Asks every agent for its inventory. */
  resync(): void;
  /** Tells every agent how often it wants frames, milliseconds. */
  pace(everyMs: number): void;
  /** Asks every agent for the devices of these containers. */
  devices(keys: readonly string[]): Promise<DevicesAnswer[]>;
}

/** A dashboard's door: the real server library, the real contract. */
export async function listenForAgents(
  port: number,
  token: string,
  tls?: { readonly cert: Buffer; readonly key: Buffer },
): Promise<Received> {
  const http = tls === undefined ? createServer() : createSecureServer(tls);
  const io = new Server(http, { transports: ['websocket'] });
  const agents = io.of(AGENT_NAMESPACE) as unknown as ReturnType<Server<AgentToDashboard, DashboardToAgent>['of']>;
  const received = {
    inventories: [] as Inventory[],
    frames: [] as Frame[],
    backfilled: [] as Frame[],
    exits: [] as ContainerExit[],
    events: [] as string[],
    refusals: [] as string[],
  };
  agents.use((socket, next) => {
    const handshake = agentHandshakeSchema.parse(socket.handshake.auth);
    if (handshake.token === token && handshake.v === AGENT_WIRE_VERSION) {
      next();
      return;
    }
    received.refusals.push(handshake.token);
    next(new RangeError('wrong agent token'));
  });
  agents.on('connection', (socket) => {
    socket.onAny((event: string) => received.events.push(event));
    socket.on('inventory', (inventory) => received.inventories.push(inventorySchema.parse(inventory)));
    socket.on('frame', (frame) => received.frames.push(frameSchema.parse(frame)));
    socket.on('backfill', (frames) => received.backfilled.push(...frames.map((frame) => frameSchema.parse(frame))));
    socket.on('exit', (exit) => received.exits.push(containerExitSchema.parse(exit)));
  });
  await listenOn(http, { host: '127.0.0.1', port, setting: '--listen' });
  return {
    ...received,
    resync: () => agents.emit('resync'),
    pace: (everyMs) => {
      agents.emit('pace', { everyMs });
    },
    devices: async (keys) => {
      const answers: unknown[] = await agents.timeout(10_000).emitWithAck('devices', { keys: [...keys] });
      return answers.map((answer) => devicesAnswerSchema.parse(answer));
    },
    [Symbol.asyncDispose]: async () => {
      await io.close();
    },
  };
}
