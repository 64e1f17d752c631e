import { devicesAnswer, type DevicesSource } from './model/devices.ts';
import type { DevicesAnswer } from './device-wire.ts';

/** Requests that wait for the next tick; a dashboard asks again when it was not answered. */
const MAX_WAITING = 64;

interface Waiting {
  readonly keys: readonly string[];
  readonly answer: (answer: DevicesAnswer) => void;
}

/** Answers what dashboards ask of single containers, at the end of a tick: the counters are then of the tick's time, and no reading is in between. */
export class DeviceDesk {
  readonly #source: DevicesSource;
  #waiting: Waiting[] = [];

  constructor(source: DevicesSource) {
    this.#source = source;
  }

  ask(keys: readonly string[], answer: (answer: DevicesAnswer) => void): void {
    this.#waiting.push({ keys, answer });
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
  }

  /** After each tick. */
  ticked(at: { readonly timeUnixMs: number; readonly monotonicMs: number }): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { keys, answer } of waiting) answer(devicesAnswer(keys, at, this.#source));
  }
}
