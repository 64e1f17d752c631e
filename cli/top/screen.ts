import type { ReadStream, WriteStream } from 'node:tty';
import type { Painted, Size } from './view.ts';

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const INVERTED = '\u001b[7m';
const PLAIN = '\u001b[0m';

export interface Screen extends Disposable {
  readonly size: () => Size;
  readonly paint: (painted: Painted) => void;
}

export interface ScreenParts {
  readonly input: ReadStream;
  readonly output: WriteStream;
  readonly keys: (text: string) => void;
  readonly resized: () => void;
}

const FALLBACK: Size = { columns: 80, rows: 24 };

/**
 * Takes the terminal: alternate screen, no cursor, keys as they are pressed. What is done here is undone when it is disposed,
 * and when the process exits without that.
 */
export function takeScreen({ input, output, keys, resized }: ScreenParts): Screen {
  let taken = true;
  const restore = (): void => {
    if (!taken) return;
    taken = false;
    // Synchronous on a terminal: also in an exit handler it is written before the process is gone.
    output.write(LEAVE);
    input.setRawMode(false);
  };
  const onKeys = (chunk: Buffer): void => {
    keys(chunk.toString('utf8'));
  };
  process.once('exit', restore);
  output.write(ENTER);
  input.setRawMode(true);
  input.on('data', onKeys).resume();
  output.on('resize', resized);
  return {
    size: () => ({ columns: output.columns || FALLBACK.columns, rows: output.rows || FALLBACK.rows }),
    paint: ({ lines, marked }) => {
      // A terminal that is behind (ssh) gets the next picture instead of all of them.
      if (output.writableLength > 0) return;
      const text = lines.map((line, index) => (index === marked ? `${INVERTED}${line}${PLAIN}` : line)).join('\r\n');
      output.write(`${HOME}${text}`);
    },
    [Symbol.dispose]: () => {
      restore();
      process.off('exit', restore);
      input.off('data', onKeys).pause();
      output.off('resize', resized);
    },
  };
}
