import { pino, type Logger } from 'pino';

export type { Logger } from 'pino';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Fields that never reach a log line, wherever an object carries them. */
const SECRETS = ['token', 'password', 'apiToken', 'agentToken', 'loginToken', 'sessionKey', 'etcdPassword'];

/** What is kept of lines that cannot be written now, on a full disk: some thousand; later ones are lost. */
const MAX_UNWRITTEN_BYTES = 1024 * 1024;

/** JSON lines on stderr: `time` in ISO 8601, `level` as a word, `module` named by each child. */
export function createLogger(options: { readonly name: string; readonly level: LogLevel }): Logger {
  const stderr = pino.destination({ dest: 2, sync: true, maxLength: MAX_UNWRITTEN_BYTES });
  // An agent does not end because nobody can read what it says.
  stderr.on('error', () => undefined);
  return pino(
    {
      name: options.name,
      level: options.level,
      base: { name: options.name, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRETS.flatMap((field) => [field, `*.${field}`]), censor: '[redacted]' },
    },
    stderr,
  );
}
