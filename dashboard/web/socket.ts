import { signal, type ReadonlySignal } from '@preact/signals';
import { io, type Socket } from 'socket.io-client';
import type { BrowserToServer, ServerToBrowser, Subscribe } from '../wire.ts';
import { UI_NAMESPACE } from './columns.ts';
import { retryDelayMs } from './retry.ts';
import { applyAlerts, applyFrame, applyHistory, applyInventory } from './store.ts';

export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected' }
  /** Tried again by itself; `retryAtMs` is on this browser's clock. */
  | { readonly kind: 'lost'; readonly reason: string; readonly retryAtMs: number }
  /** The server answered and does not know this browser: only a login helps. */
  | { readonly kind: 'refused'; readonly reason: string };

type View = Subscribe['view'];

const CONNECT_TIMEOUT_MS = 5_000;

const state = signal<Connection>({ kind: 'connecting' });

export const connection: ReadonlySignal<Connection> = state;

const socket: Socket<ServerToBrowser, BrowserToServer> = io(UI_NAMESPACE, {
  autoConnect: false,
  // The page shows when the next try comes, so it does the trying itself.
  reconnection: false,
  timeout: CONNECT_TIMEOUT_MS,
  transports: ['websocket', 'polling'],
});

let view: View = 'overview';
let attempt = 0;
let retryTimer: ReturnType<typeof setTimeout> | undefined;

socket.on('inventory', applyInventory);
socket.on('history', applyHistory);
socket.on('frame', applyFrame);
socket.on('alerts', applyAlerts);

socket.on('connect', () => {
  attempt = 0;
  state.value = { kind: 'connected' };
  tellView();
});

socket.on('connect_error', (error) => {
  // Only an answer of the server's own carries `data`: it is there and says no. All others did not reach it.
  if (!Object.hasOwn(error, 'data')) {
    retryLater('The server cannot be reached');
    return;
  }
  // The cookie was read when the transport was opened; one that comes with a login needs another.
  socket.disconnect();
  state.value = { kind: 'refused', reason: error.message };
});

socket.on('disconnect', (reason) => {
  if (reason === 'io client disconnect') return;
  retryLater(
    reason === 'io server disconnect' ? 'The server ended the connection' : 'The connection to the server broke',
  );
});

function retryLater(reason: string): void {
  const delayMs = retryDelayMs(attempt, Math.random());
  attempt += 1;
  state.value = { kind: 'lost', reason, retryAtMs: Date.now() + delayMs };
  clearTimeout(retryTimer);
  retryTimer = setTimeout(retryNow, delayMs);
}

function tellView(): void {
  // A hidden page is sent nothing.
  if (socket.connected) socket.emit('subscribe', { view: document.hidden ? 'none' : view });
}

/** Opens the connection, or tries again at once. */
export function retryNow(): void {
  clearTimeout(retryTimer);
  if (!socket.connected) socket.connect();
}

/** Ends the connection for good, until {@link retryNow}. */
export function disconnect(): void {
  clearTimeout(retryTimer);
  socket.disconnect();
  state.value = { kind: 'connecting' };
}

/** Asks for what this view shows, now and after each reconnection. */
export function subscribeTo(wanted: View): void {
  if (view === wanted) return;
  view = wanted;
  tellView();
}

document.addEventListener('visibilitychange', () => {
  tellView();
  if (!document.hidden && state.value.kind === 'lost') retryNow();
});
