import type { WriteStream } from 'node:tty';

const codeOf = (error: Error): unknown => ('code' in error ? error.code : undefined);

/**
 * What becomes of output that cannot be written: who reads the first lines only, as `| head` does, has had enough, and nothing is
 * said; anything else (a full disk) is one sentence, and a command that says that it succeeded has not. A terminal that is gone ends
 * the process by SIGHUP, and is left to that.
 */
export function meetLostOutput({
  stdout,
  stderr,
}: {
  readonly stdout: WriteStream;
  readonly stderr: WriteStream;
}): void {
  stderr.on('error', () => undefined);
  if (stdout.isTTY) return;
  let isTold = false;
  stdout.on('error', (error: Error) => {
    if (isTold || codeOf(error) === 'EPIPE' || codeOf(error) === 'ERR_STREAM_DESTROYED') return;
    isTold = true;
    stderr.write(`weft: cannot write to standard output: ${error.message}\n`);
    // After the command, which knows nothing of it and sets the code of its own.
    process.once('exit', () => {
      if ((process.exitCode ?? 0) === 0) process.exitCode = 1;
    });
  });
}
