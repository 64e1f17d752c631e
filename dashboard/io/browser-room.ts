import type { Namespace } from 'socket.io';
import type { Clock } from '../../native/host/clock.ts';
import type { Logger } from '../../native/host/log.ts';
import type { LiveView } from '../model/live-view.ts';
import type { RoomView } from '../model/room-view.ts';
import { type DevicesMessage, type FrameMessage } from '../wire.ts';
import { UI_NAMESPACE } from '../view-wire.ts';
import type { AgentDoor } from './agent-feed.ts';
import { DeviceQuestions } from './device-questions.ts';
import type { DashboardMetrics } from './metrics.ts';
import { SharedEvent } from './shared-event.ts';
import type { Viewer } from './viewer.ts';

export interface BrowserRoomParts {
  readonly namespace: Namespace;
  readonly view: LiveView;
  /** Asks an agent what frames do not carry. */
  readonly askDevices: AgentDoor['devices'];
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: DashboardMetrics;
}

/** Without news a frame is sent after this time all the same, milliseconds: it says that the server is there. */
const QUIET_MS = 1500;

/** The browsers that show the same, and what is made once for all of them. */
export class BrowserRoom {
  readonly name: string;
  readonly view: RoomView;
  readonly viewers = new Set<Viewer>();
  readonly #parts: BrowserRoomParts;
  readonly #questions: DeviceQuestions | undefined;
  #sentAtMs = -Infinity;

  constructor(name: string, view: RoomView, parts: BrowserRoomParts) {
    this.name = name;
    this.view = view;
    this.#parts = parts;
    const { devices } = view;
    if (devices === undefined) return;
    const tell = (message: DevicesMessage): void => {
      this.sendReliable('devices', message);
    };
    this.#questions = new DeviceQuestions({ ...parts, devices, ask: parts.askDevices, tell });
  }

  /** Once a second: the rows where they changed, and a sign of life. */
  tick(): void {
    this.askDevices();
    if (this.refresh()) return;
    if (this.#parts.clock.monotonicMs() - this.#sentAtMs >= QUIET_MS) this.#sendFrame();
    else this.push();
  }

  /** Asks for the devices of the containers that are shown by themselves. */
  askDevices(): void {
    this.#questions?.next();
  }

  /** What hosts told since the last frame. A browser whose connection does not take it misses it, instead of being sent the past afterwards. */
  push(): void {
    if (this.view.hasNews) this.#sendFrame();
    else this.#mend();
  }

  /** Tells the room its rows where they changed, with the values, and the past of those that it was not sent before. @returns whether they did. */
  refresh(): boolean {
    const { view, clock, metrics } = this.#parts;
    if (!view.refreshRoom(this.view)) return false;
    // Asked before the rows are sent: those alone occupy every connection for a moment.
    const ready = new Set([...this.viewers].filter((viewer) => viewer.isWritable));
    this.sendReliable('inventory', this.view.inventory(clock.nowMs(), view.server));
    if (this.view.followsValues) this.sendReliable('history', this.view.history(clock.nowMs()));
    const frame = this.#encode(this.view.frame(clock.nowMs()));
    for (const viewer of this.viewers) {
      if (ready.has(viewer) && !viewer.isBehind) viewer.sendWhole(frame, clock.monotonicMs());
      else if (!viewer.sendNext(frame)) metrics.framesMissed.inc();
    }
    return true;
  }

  /** To everybody in the room who keeps up; who does not leaves it until then. */
  sendReliable(event: 'inventory' | 'history' | 'alerts' | 'devices', message: object): void {
    const { clock, log, metrics, namespace } = this.#parts;
    for (const viewer of this.viewers) {
      if (!viewer.fallBehind(clock.monotonicMs())) continue;
      void viewer.socket.leave(this.name);
      metrics.browsersFellBehind.inc();
      log.info({ socket: viewer.socket.id }, 'browser does not keep up: it gets a snapshot when it does');
    }
    namespace.to(this.name).emit(event, message);
  }

  #encode(message: FrameMessage): SharedEvent {
    return new SharedEvent(UI_NAMESPACE, 'frame', { ...message });
  }

  #sendFrame(): void {
    const { clock, metrics } = this.#parts;
    this.#sentAtMs = clock.monotonicMs();
    const frame = this.#encode(this.view.frame(clock.nowMs()));
    for (const viewer of this.viewers) if (!viewer.sendNext(frame)) metrics.framesMissed.inc();
    this.#mend();
  }

  /** A browser that missed a frame goes on with the newest state as a whole. */
  #mend(): void {
    const { clock } = this.#parts;
    let whole: SharedEvent | undefined;
    for (const viewer of this.viewers) {
      if (!viewer.needsWhole(clock.monotonicMs())) continue;
      whole ??= this.#encode(this.view.wholeFrame(clock.nowMs()));
      viewer.sendWhole(whole, clock.monotonicMs());
    }
  }
}
