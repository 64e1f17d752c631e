import type { Clock } from '../../native/host/clock.ts';
import type { Logger } from '../../native/host/log.ts';
import type { AgentDoor } from './agent-feed.ts';
import type { RoomDevices } from '../model/room-devices.ts';
import type { DevicesMessage } from '../wire.ts';

export interface DeviceQuestionsParts {
  readonly devices: RoomDevices;
  readonly ask: AgentDoor['devices'];
  /** Hears what changed. */
  readonly tell: (message: DevicesMessage) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Asks agents for the devices that a room shows, one question at a time to each round: nothing queues up for an agent that is slow. */
export class DeviceQuestions {
  readonly #parts: DeviceQuestionsParts;
  #isAsking = false;
  #told = '';

  constructor(parts: DeviceQuestionsParts) {
    this.#parts = parts;
  }

  /** Once a second, while somebody is in the room: an answer comes with the agent's next tick. */
  next(): void {
    this.#tell();
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#ask()
      .catch((err: unknown) => {
        this.#parts.log.error({ err }, 'agents could not be asked for devices');
      })
      .finally(() => {
        this.#isAsking = false;
      });
  }

  async #ask(): Promise<void> {
    const { devices, ask, clock } = this.#parts;
    await Promise.all(
      devices.questions().map(async (question) => {
        const answer = await ask(question);
        if (answer === undefined) return;
        devices.take(question, answer, clock.nowMs());
        this.#tell();
      }),
    );
  }

  #tell(): void {
    const message = this.#parts.devices.message();
    const text = JSON.stringify(message);
    if (text === this.#told) return;
    this.#told = text;
    this.#parts.tell(message);
  }
}
