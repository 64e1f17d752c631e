import { readFileSync } from 'node:fs';
import { request, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import {
  API_PREFIX,
  NDJSON,
  problemSchema,
  processesSchema,
  STATS_PATH,
  statsTickSchema,
  type ProcessesView,
  type StatsTick,
} from '../../statsd/status-wire.ts';

/** Where the agent is. */
export interface AgentPlace {
  /** `ADDRESS:PORT`, or the path of its docker socket. */
  readonly at: { readonly host: string; readonly port: number } | { readonly socketPath: string };
  readonly tokenFile: string | undefined;
}

/** The agent does not answer, or not as it should. */
export class AgentError extends Error {
  override readonly name = 'AgentError';
}

const ANSWER_WITHIN_MS = 5000;
/** Longer than any tick takes; a stream that says nothing is dead. */
const SILENT_AFTER_MS = 130_000;
/** 10,000 containers stay below it. */
const MAX_DOCUMENT = 64 * 1024 * 1024;

const placeText = ({ at }: AgentPlace): string => ('socketPath' in at ? at.socketPath : `http://${at.host}:${at.port}`);

function tokenIn(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new AgentError(
      `cannot read the token file ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

function begin(place: AgentPlace, path: string, options: RequestOptions): ClientRequest {
  const token = place.tokenFile === undefined ? undefined : tokenIn(place.tokenFile);
  const headers = {
    Accept: `${NDJSON}, application/json`,
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
  };
  return request({ ...place.at, path, headers, agent: false, ...options }).end();
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOENT: 'there is no such socket',
  EACCES: 'it may not be used by this user',
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return WORDS[code] ?? (error instanceof Error ? error.message : String(error));
}

async function answerOf(outgoing: ClientRequest, place: AgentPlace): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  outgoing.once('response', resolve).once('error', reject);
  try {
    return await promise;
  } catch (cause) {
    throw new AgentError(`the agent at ${placeText(place)} does not answer: ${reasonOf(cause)}`, { cause });
  }
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  let text = '';
  incoming.setEncoding('utf8');
  for await (const chunk of incoming as AsyncIterable<string>) {
    text += chunk;
    if (text.length > MAX_DOCUMENT) throw new AgentError('the agent sent more than 64 MiB in one document');
  }
  return text;
}

async function refusal(incoming: IncomingMessage, place: AgentPlace): Promise<AgentError> {
  const text = await textOf(incoming);
  let detail = text.trim().slice(0, 200);
  try {
    detail = problemSchema.parse(JSON.parse(text)).detail;
  } catch {
    // not in the agent's own form: what it said is told as it is
  }
  return new AgentError(`the agent at ${placeText(place)} answered ${incoming.statusCode ?? 0}: ${detail}`);
}

function tickOf(text: string, place: AgentPlace): StatsTick {
  try {
    return statsTickSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AgentError(`the agent at ${placeText(place)} sent what this version does not understand`, { cause });
  }
}

/** The containers as they are now. @throws {AgentError} */
export async function readContainers(place: AgentPlace, state: 'alive' | 'all'): Promise<StatsTick> {
  const outgoing = begin(place, `${API_PREFIX}/containers?state=${state}`, {
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  const incoming = await answerOf(outgoing, place);
  if (incoming.statusCode !== 200) throw await refusal(incoming, place);
  return tickOf(await textOf(incoming), place);
}

/** What a container's processes hold, looked at now; `undefined` when it has ended. @throws {AgentError} */
export async function readProcesses(
  place: AgentPlace,
  dockerId: string,
  signal: AbortSignal,
): Promise<ProcessesView | undefined> {
  const outgoing = begin(place, `${API_PREFIX}/containers/${dockerId}/processes`, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
  });
  const incoming = await answerOf(outgoing, place);
  const text = await textOf(incoming);
  return incoming.statusCode === 200 ? processesSchema.parse(JSON.parse(text)) : undefined;
}

/** The containers once a second, until the agent or the signal ends it. @throws {AgentError} */
export async function* followContainers(place: AgentPlace, signal: AbortSignal): AsyncGenerator<StatsTick> {
  const outgoing = begin(place, STATS_PATH, { signal, timeout: SILENT_AFTER_MS });
  outgoing.once('timeout', () => outgoing.destroy(new AgentError('the agent says nothing any more')));
  const incoming = await answerOf(outgoing, place);
  if (incoming.statusCode !== 200) throw await refusal(incoming, place);
  let rest = '';
  incoming.setEncoding('utf8');
  for await (const chunk of incoming as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_DOCUMENT) throw new AgentError('the agent sent more than 64 MiB in one document');
    // Of several that came at once only the newest is worth painting.
    const last = lines.at(-1);
    if (last !== undefined) yield tickOf(last, place);
  }
}
