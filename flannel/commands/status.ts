import { systemClock } from '../../native/host/clock.ts';
import { readStatusSocket, StatusSocketError } from '../../native/host/status-socket.ts';
import { DEFAULT_STATUS_SOCKET, flannelStatusSchema, STATUS_PATH, type FlannelStatusDocument } from '../status-wire.ts';
import { CommandError, type Command, type CommandInput } from './command.ts';
import { statusLines } from './status-text.ts';

/** The socket that `--status-socket` or the agent's own environment names. */
export function statusSocketOf({ flags, env }: CommandInput): string {
  const path = flags['statusSocket'] ?? env['FLANNELD_STATUS_SOCKET'] ?? DEFAULT_STATUS_SOCKET;
  if (typeof path === 'string' && path !== '') return path;
  throw new CommandError('--status-socket: expected the path of a socket', 2);
}

/** Asks the agent of this host. @throws {CommandError} if none answers. */
export async function askAgent(input: CommandInput): Promise<FlannelStatusDocument> {
  const path = statusSocketOf(input);
  let text: string;
  try {
    text = await readStatusSocket(path, STATUS_PATH);
  } catch (cause) {
    if (!(cause instanceof StatusSocketError)) throw cause;
    const advice = cause.nobodyListens
      ? '; start weft flanneld on this host, or name its socket with --status-socket'
      : '';
    throw new CommandError(`the agent cannot be asked: ${cause.message}${advice}`, 1, { cause });
  }
  const document = flannelStatusSchema.safeParse(JSON.parse(text));
  if (document.success) return document.data;
  throw new CommandError(`${path}: what answers there is no agent of this version`, 1, { cause: document.error });
}

/** `weft status`: what the agent of this host does and what is wrong with it. */
export const statusCommand: Command = async ({ input, output }) => {
  const document = await askAgent(input);
  if (input.flags['json'] === true) output.json(document);
  else for (const line of statusLines(document, { ...output, nowUnixMs: systemClock.nowMs() })) output.line(line);
  return 0;
};
