import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** The kernel counts in these, seconds. */
const TICK_SECONDS = 0.01;
const EVERY_MS = 100;
const DIGITS = 12;

/** A file like /proc/stat whose CPUs are as busy as a test says; the rest of it is this machine's. Written in place: readers keep it open. */
export class ScriptedCpu implements Disposable {
  readonly file: string;
  busyRatio = 0.1;
  readonly #rest: string;
  readonly #handle: number;
  readonly #timer: NodeJS.Timeout;
  #lastMs = performance.now();
  #busyTicks = 1000;
  #idleTicks = 1000;

  constructor(file: string) {
    this.file = file;
    const lines = readFileSync('/proc/stat', 'utf8').split('\n');
    this.#rest = lines.filter((line) => !line.startsWith('cpu')).join('\n');
    writeFileSync(file, '');
    this.#handle = openSync(file, 'r+');
    this.#write();
    this.#timer = setInterval(() => {
      this.#write();
    }, EVERY_MS);
  }

  #write(): void {
    const now = performance.now();
    const ticks = (now - this.#lastMs) / 1000 / TICK_SECONDS;
    this.#lastMs = now;
    this.#busyTicks += ticks * this.busyRatio;
    this.#idleTicks += ticks * (1 - this.busyRatio);
    const cpus = availableParallelism();
    const line = (name: string, times: number): string => {
      const [user, idle] = [this.#busyTicks, this.#idleTicks].map((each) =>
        String(Math.floor(each * times)).padStart(DIGITS, '0'),
      );
      return `${name} ${user ?? ''} 0 0 ${idle ?? ''} 0 0 0 0 0 0`;
    };
    const each = Array.from({ length: cpus }, (_, index) => line(`cpu${index}`, 1));
    // Of one length at all times, and in one write.
    writeSync(this.#handle, `${[line('cpu ', cpus), ...each].join('\n')}\n${this.#rest}`, 0);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    closeSync(this.#handle);
  }
}
