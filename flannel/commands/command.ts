import { styleText } from 'node:util';
import { EtcdError } from '../../native/etcd/errors.ts';
import { HostFileError } from '../../native/host/atomic-file.ts';
import { ConfigError } from '../../native/host/config.ts';
import { FatalError, type ExitCode } from '../../native/host/lifecycle.ts';
import { StatusSocketError } from '../../native/host/status-socket.ts';
import { NetlinkError } from '../../native/netlink/errors.ts';

/** What the command line hands to a command that reads or changes something and ends. */
export interface CommandInput {
  /** In camelCase; `json: true` for `--json`. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** The words that are no flags. */
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

/** Where a command writes: text for a person, or one JSON document. */
export interface Output {
  readonly width: number;
  readonly line: (text: string) => void;
  readonly json: (document: unknown) => void;
  /** Coloured on a terminal, unless NO_COLOR says otherwise. */
  readonly paint: (style: Style, text: string) => string;
}

export interface CommandParts {
  readonly input: CommandInput;
  readonly output: Output;
  readonly signal: AbortSignal;
}

export type Command = (parts: CommandParts) => Promise<ExitCode>;

/** A command cannot do what is asked: one sentence, and the exit code. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: ExitCode;

  /** @param exitCode 2 for wrong usage, 1 for anything else. */
  constructor(message: string, exitCode: ExitCode, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

const PLAIN_WIDTH = 80;
const MIN_WIDTH = 40;

/** Standard output: as wide as the terminal, 80 columns where there is none. */
export function standardOutput(): Output {
  const { stdout } = process;
  return {
    width: stdout.isTTY ? Math.max(MIN_WIDTH, stdout.columns) : PLAIN_WIDTH,
    line: (text) => {
      stdout.write(`${text}\n`);
    },
    json: (document) => {
      stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
    },
    paint: (style, text) => styleText(style, text, { stream: stdout }),
  };
}

/** The sentence and exit code of an error that a person should read; `undefined` for a fault of ours. */
export function toldAs(error: unknown): { readonly sentences: readonly string[]; readonly code: ExitCode } | undefined {
  if (error instanceof ConfigError) return { sentences: error.faults, code: 2 };
  if (error instanceof CommandError || error instanceof FatalError) {
    return { sentences: [error.message], code: error.exitCode };
  }
  const known = [EtcdError, HostFileError, StatusSocketError, NetlinkError].some((kind) => error instanceof kind);
  return known && error instanceof Error ? { sentences: [error.message], code: 1 } : undefined;
}
