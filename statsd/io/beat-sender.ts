/** Runs `send` at each beat, never twice at a time: a beat that comes meanwhile makes one more run follow. */
export class BeatSender {
  readonly #send: () => Promise<void>;
  #running: Promise<void> | undefined;
  #beats = 0;

  constructor(send: () => Promise<void>) {
    this.#send = send;
  }

  /** Resolves when everything that is due was sent. */
  async beat(): Promise<void> {
    this.#beats += 1;
    this.#running ??= this.#run();
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      for (let sent = 0; sent < this.#beats;) {
        sent = this.#beats;
        await this.#send();
      }
    } finally {
      this.#beats = 0;
      this.#running = undefined;
    }
  }
}
