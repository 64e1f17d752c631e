import { Agent, request } from 'undici';
import {
  pinTarget,
  resolvingWithin,
  TargetRefused,
  type PinnedTarget,
  type Resolve,
  type TargetPolicy,
} from './target-guard.ts';

/** What a receiver answered, whatever it was. */
export interface HttpAnswer {
  readonly status: number;
  /** At most {@link MAX_BODY_BYTES}; a longer one is cut. */
  readonly body: string;
  /** Of a 429 or 503. */
  readonly retryAfterMs: number | undefined;
}

export interface GuardedRequest {
  readonly url: string;
  readonly method?: 'POST' | 'GET';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface GuardedHttpOptions {
  readonly policy: TargetPolicy;
  readonly timeoutMs: number;
  readonly userAgent: string;
  readonly resolve?: Resolve | undefined;
}

const MAX_BODY_BYTES = 64 * 1024;

/** No answer came. `heard`: the receiver may have got the message all the same. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  readonly heard: boolean;

  constructor(message: string, options: { readonly heard: boolean; readonly cause?: unknown }) {
    super(message, { cause: options.cause });
    this.heard = options.heard;
  }
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return codeOf(error.cause);
}

/** Before these the message was not on its way. */
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function noAnswer(error: unknown, { timeoutMs }: GuardedHttpOptions): NoAnswer {
  const timedOut = error instanceof Error && error.name === 'TimeoutError';
  if (timedOut) return new NoAnswer(`gave no answer within ${timeoutMs / 1000} s`, { heard: true, cause: error });
  const code = codeOf(error);
  const heard = code === undefined || !NOT_SENT.has(code);
  const message = error instanceof Error ? error.message : String(error);
  return new NoAnswer(code === undefined ? message : `cannot be reached (${code})`, { heard, cause: error });
}

async function bodyOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= MAX_BODY_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString('utf8');
}

function retryAfterMs(header: string | string[] | undefined): number | undefined {
  const seconds = Number(Array.isArray(header) ? header[0] : header);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 3600) * 1000 : undefined;
}

/**
 * The judged address of a host, looked up within the time of a whole request. @throws {TargetRefused | NoAnswer}; the signal's
 * reason; what the look-up says.
 */
export async function pinWithin(
  hostname: string,
  { policy, timeoutMs, resolve }: Pick<GuardedHttpOptions, 'policy' | 'timeoutMs' | 'resolve'>,
  signal: AbortSignal,
): Promise<PinnedTarget> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    return await pinTarget(hostname, policy, resolvingWithin(AbortSignal.any([signal, timeout]), resolve));
  } catch (cause) {
    if (cause !== timeout.reason) throw cause;
    throw new NoAnswer(`its name was not resolved within ${timeoutMs / 1000} s`, { heard: false, cause });
  }
}

/**
 * One HTTP request to a receiver: to the address that was judged, no redirect followed, nothing of ours sent along, an end to
 * time and length. @throws {TargetRefused | NoAnswer}; the signal's reason.
 */
export async function guardedFetch(
  { url, method = 'POST', headers, body }: GuardedRequest,
  options: GuardedHttpOptions,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new TargetRefused(`${protocol} is not spoken: expected http or https`);
  const limited = AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs)]);
  let agent: Agent | undefined;
  try {
    const pinned = await pinWithin(hostname, options, signal);
    agent = new Agent({
      connect: {
        timeout: options.timeoutMs,
        lookup: (_hostname, { all }, callback) => {
          if (all === true) callback(null, [{ address: pinned.address, family: pinned.family }]);
          else callback(null, pinned.address, pinned.family);
        },
      },
    });
    const sent = { 'user-agent': options.userAgent, ...headers };
    const answer = await request(url, {
      method,
      headers: sent,
      body: method === 'GET' ? null : body,
      dispatcher: agent,
      signal: limited,
    });
    const retryAfter = retryAfterMs(answer.headers['retry-after']);
    return { status: answer.statusCode, body: await bodyOf(answer.body), retryAfterMs: retryAfter };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TargetRefused || error instanceof NoAnswer) throw error;
    throw noAnswer(limited.aborted ? limited.reason : error, options);
  } finally {
    await agent?.destroy();
  }
}
