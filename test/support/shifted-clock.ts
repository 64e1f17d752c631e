import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A wall clock of its own for programs that are started with {@link ShiftedClock.env}; nothing of the machine's changes. */
export class ShiftedClock implements Disposable {
  readonly env: Readonly<Record<string, string>>;
  readonly #folder = mkdtempSync(join(tmpdir(), 'weft-test-clock-'));
  readonly #file = join(this.#folder, 'seconds');

  constructor() {
    const library = join(this.#folder, 'shifted-clock.so');
    const source = join(import.meta.dirname, 'shifted-clock.c');
    execFileSync('gcc', ['-O2', '-shared', '-fPIC', '-o', library, source, '-ldl']);
    this.jump(0);
    this.env = { LD_PRELOAD: library, SHIFTED_CLOCK: this.#file };
  }

  /** From now on the wall clock is so many seconds ahead of the machine's, or behind. */
  jump(seconds: number): void {
    writeFileSync(this.#file, String(seconds));
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}
