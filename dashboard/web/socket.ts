import { computed, signal, type ReadonlySignal } from '@preact/signals';
import { io, type Socket } from 'socket.io-client';
import type { BrowserToServer, ServerToBrowser, Subscribe, Suggest, SuggestionsMessage } from '../wire.ts';
import { REQUEST_CHARACTERS, UI_NAMESPACE } from '../view-wire.ts';
import { retryDelayMs } from './retry.ts';
import { applyAlerts, applyFrame, applyHistory, applyInventory, devices } from './store.ts';
import { fittingRequest } from './view-request.ts';

export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected' }
  /** Tried again by itself; `retryAtMs` is on this browser's clock. */
  | { readonly kind: 'lost'; readonly reason: string; readonly retryAtMs: number }
  /** The server answered and does not know this browser: only a login helps. */
  | { readonly kind: 'refused'; readonly reason: string };

const CONNECT_TIMEOUT_MS = 5_000;

/** The server answers no more often. */
const RESYNC_EVERY_MS = 2_000;

const state = signal<Connection>({ kind: 'connecting' });

export const connection: ReadonlySignal<Connection> = state;

const told = signal<SuggestionsMessage | undefined>(undefined);

/** The last answer to {@link askSuggestions}. */
export const suggestions: ReadonlySignal<SuggestionsMessage | undefined> = told;

const socket: Socket<ServerToBrowser, BrowserToServer> = io(UI_NAMESPACE, {
  autoConnect: false,
  // The page shows when the next try comes, so it does the trying itself.
  reconnection: false,
  timeout: CONNECT_TIMEOUT_MS,
  transports: ['websocket', 'polling'],
});

const wanted = signal<Subscribe>({ view: 'overview' });
const answered = signal('');

/** Whether what is in the store is what the page in sight asked for; before, it may be of the page before it. */
export const isAnswered: ReadonlySignal<boolean> = computed(() => answered.value === viewKey(wanted.value));

let attempt = 0;
let lastResyncMs = -Infinity;
let retryTimer: ReturnType<typeof setTimeout> | undefined;

socket.on('inventory', applyInventory);
socket.on('history', applyHistory);
socket.on('frame', (message) => {
  if (!applyFrame(message)) askAgain();
});
socket.on('alerts', applyAlerts);
socket.on('devices', (message) => {
  devices.value = message;
});
socket.on('subscribed', (request) => {
  if (request.view !== 'none') answered.value = viewKey(request);
});
socket.on('suggestions', (message) => {
  told.value = message;
});

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

/** Asks for a whole frame after one was missed. */
function askAgain(): void {
  const now = performance.now();
  if (now - lastResyncMs < RESYNC_EVERY_MS) return;
  lastResyncMs = now;
  socket.emit('resync');
}

function tellView(): void {
  // A hidden page is sent nothing.
  if (socket.connected) socket.emit('subscribe', document.hidden ? { view: 'none' } : wanted.value);
}

/** Equal for equal requests. */
function viewKey({ view, host, key, filter, series }: Subscribe): string {
  return JSON.stringify([view, host, key, filter, series]);
}

/** Asks what could be typed at the caret; the answer comes in {@link suggestions}. */
export function askSuggestions(request: Suggest): void {
  if (socket.connected && request.text.length <= REQUEST_CHARACTERS.filter) socket.emit('suggest', request);
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

/** Asks for what a page shows, now and after each reconnection. Asking for the same again does nothing. */
export function subscribeTo(asked: Subscribe): void {
  const request = fittingRequest(asked);
  if (viewKey(wanted.peek()) === viewKey(request)) return;
  wanted.value = request;
  devices.value = undefined;
  tellView();
}

document.addEventListener('visibilitychange', () => {
  tellView();
  if (!document.hidden && state.value.kind === 'lost') retryNow();
});
