import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { createTransport } from 'nodemailer';
import type { Clock } from '../../../native/host/clock.ts';
import { emailMessage } from '../../model/notify/email-message.ts';
import { outcomeOfError, shownBody, type Channel, type OutboundMessage, type SendOutcome } from './channel.ts';
import { NoAnswer, pinWithin } from './guarded-http.ts';
import { TargetRefused, type TargetPolicy } from './target-guard.ts';

export interface EmailOptions {
  readonly id: string;
  readonly label: string;
  readonly sendResolved: boolean;
  readonly host: string;
  readonly port: number;
  /** `implicit`: TLS from the first byte. `starttls`: refused without it. `none`: clear text. */
  readonly tls: 'implicit' | 'starttls' | 'none';
  /** Of the server's certificate, when it is not of a public authority. */
  readonly ca: string | undefined;
  readonly from: string;
  readonly to: readonly string[];
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly policy: TargetPolicy;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** Greeting, EHLO, TLS or password, envelope, text, end: each may take the time of a whole request. */
const STEPS = 6;

const LOOPBACK = /^127\.|^::1$/;

/** Mails of one group and day hang together in a reader. */
function threadId(groupKey: string, nowMs: number, from: string): string {
  const domain =
    from
      .split('@')
      .at(-1)
      ?.replace(/[^A-Za-z0-9.-]/g, '') ?? 'weft';
  const day = new Date(nowMs).toISOString().slice(0, 10);
  return `<alert-${createHash('sha256').update(groupKey).digest('hex').slice(0, 32)}-${day}@${domain}>`;
}

/** Why a mail that was taken was not taken for one address. */
interface Rejection {
  readonly recipient?: string | undefined;
  readonly response?: string | undefined;
  readonly responseCode?: number | undefined;
}

interface TakenMail {
  readonly response: string;
  readonly rejectedErrors?: readonly Rejection[] | undefined;
}

/** What a server said of a mail that it took; whom it did not take it for comes first, since only so much is shown. */
function shownAnswer({ response, rejectedErrors = [] }: TakenMail): string {
  const refused = rejectedErrors.map(
    ({ recipient, response: said }) => `not taken for ${recipient ?? 'one address'}: ${said ?? 'for no reason'}; `,
  );
  return shownBody(`${refused.join('')}${response}`);
}

/** A server that puts an address off (4yz, as greylisting does) may take the mail for it later; of 5yz it will not. */
function outcomeOfTaken(mail: TakenMail): SendOutcome {
  const seen = { status: mail.response.slice(0, 3), body: shownAnswer(mail) };
  const left = (mail.rejectedErrors ?? []).flatMap(({ recipient, responseCode = 0 }) =>
    recipient !== undefined && responseCode >= 400 && responseCode < 500 ? [recipient] : [],
  );
  if (left.length === 0) return { kind: 'sent', ...seen };
  return { kind: 'retry', why: `did not take it for ${left.join(', ')} yet`, heard: true, left, ...seen };
}

interface SmtpAnswer {
  readonly responseCode: number;
  readonly response: string;
}

function isSmtpAnswer(error: unknown): error is Error & SmtpAnswer {
  return error instanceof Error && 'responseCode' in error && typeof error.responseCode === 'number';
}

function outcomeOfMailError(error: unknown): SendOutcome {
  if (isSmtpAnswer(error)) {
    const code = error.responseCode;
    const body = shownBody(error.response);
    if (code >= 500) return { kind: 'refused', why: `refused it with ${code}`, status: String(code), body };
    return { kind: 'retry', why: `answered ${code}`, status: String(code), body, heard: false };
  }
  if (error instanceof TargetRefused || error instanceof NoAnswer) return outcomeOfError(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  if (code === 'EAUTH')
    return { kind: 'refused', why: 'does not take the user and password', status: undefined, body: '' };
  const why = code === undefined ? String(error) : `cannot be reached (${code})`;
  return { kind: 'retry', why, status: undefined, body: '', heard: code !== 'ECONNREFUSED' && code !== 'EDNS' };
}

async function sendMail(
  options: EmailOptions,
  { id, payload, only }: OutboundMessage,
  signal: AbortSignal,
): Promise<SendOutcome> {
  const { host, port, tls, from, to, username, password } = options;
  const pinned = await pinWithin(host, options, signal);
  if (tls === 'none' && username !== undefined && !LOOPBACK.test(pinned.address))
    throw new TargetRefused('a password is not sent in clear text: use tls: starttls or implicit');
  const transport = createTransport({
    // The address that was judged; the certificate is still the name's.
    host: pinned.address,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    tls: { ...(isIP(host) === 0 ? { servername: host } : {}), ...(options.ca === undefined ? {} : { ca: options.ca }) },
    ...(username === undefined ? {} : { auth: { user: username, pass: password ?? '' } }),
    connectionTimeout: options.timeoutMs,
    greetingTimeout: options.timeoutMs,
    socketTimeout: options.timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  // The library's own time-outs start anew with each byte.
  const limitMs = STEPS * options.timeoutMs;
  const timeout = AbortSignal.timeout(limitMs);
  try {
    const limited = AbortSignal.any([signal, timeout]);
    const thread = threadId(payload.groupKey, options.clock.nowMs(), from);
    const answer = await transport.sendMail({
      signal: limited,
      from,
      to: [...(only ?? to)],
      ...emailMessage(payload),
      messageId: thread.replace('<alert-', `<${id}-`),
      inReplyTo: thread,
      references: thread,
      headers: {
        'Auto-Submitted': 'auto-generated',
        'X-Auto-Response-Suppress': 'All',
        Precedence: 'bulk',
      },
    });
    return outcomeOfTaken(answer);
  } catch (cause) {
    signal.throwIfAborted();
    if (!timeout.aborted) throw cause;
    throw new NoAnswer(`was not done within ${limitMs / 1000} s`, { heard: true, cause });
  } finally {
    transport.close();
  }
}

/** One mail for one group by SMTP. */
export function createEmail(options: EmailOptions): Channel {
  const { id, label, sendResolved } = options;
  return {
    id,
    kind: 'email',
    label,
    sendResolved,
    send: async (message, signal) => {
      try {
        return await sendMail(options, message, signal);
      } catch (error) {
        signal.throwIfAborted();
        return outcomeOfMailError(error);
      }
    },
  };
}
