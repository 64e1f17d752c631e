import { createServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { SendOutcome } from '../../dashboard/io/notify/channel.ts';
import type { ChannelSpec } from '../../dashboard/io/notify/channel-schema.ts';
import { makeChannel } from '../../dashboard/io/notify/make-channel.ts';
import type { WebhookPayload } from '../../dashboard/model/notify/webhook-payload.ts';
import { systemClock } from '../../native/host/clock.ts';

/** A container's name that tries to be more. */
const HOSTILE = 'api\r\nBcc: all@example.org <!channel> <b>&';

export function payload(over: Partial<WebhookPayload> = {}): WebhookPayload {
  const labels = { alertname: 'A', host: 'h1', container: HOSTILE, severity: 'critical' };
  return {
    version: '4',
    groupKey: `{}:{alertname="A", container="${HOSTILE}"}`,
    truncatedAlerts: 0,
    status: 'firing',
    receiver: 'ops',
    groupLabels: { alertname: 'A', container: HOSTILE },
    commonLabels: labels,
    commonAnnotations: {},
    routeLabels: {},
    externalURL: 'https://dash.example',
    notification_reason: 'first notification',
    alerts: [
      {
        status: 'firing',
        labels,
        annotations: { summary: `${HOSTILE} is busy` },
        startsAt: '2026-11-20T10:00:00.000Z',
        endsAt: '0001-01-01T00:00:00Z',
        generatorURL: 'https://dash.example/alerts',
        fingerprint: '507a62d79ee76c9a',
      },
    ],
    ...over,
  };
}

export type Answer =
  { readonly status: number; readonly body?: string; readonly headers?: Record<string, string> } | 'hang';

interface Sink extends AsyncDisposable {
  readonly bodies: readonly string[];
  readonly url: string;
}

/** An HTTP sink on loopback that answers as it is told. */
export async function startSink(answer: Answer): Promise<Sink> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString('utf8'));
      if (answer !== 'hang') response.writeHead(answer.status, answer.headers).end(answer.body ?? '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    bodies,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A mail server on loopback that says what it is told to each line of a client, and after each line of the text nothing. */
export async function startSmtpLines(
  answer: (line: string, socket: Socket) => string,
): Promise<AsyncDisposable & { readonly port: number; readonly open: ReadonlySet<Socket> }> {
  const open = new Set<Socket>();
  const server = createTcpServer((socket) => {
    open.add(socket.on('error', () => undefined).on('close', () => open.delete(socket)));
    socket.write('220 mail.example ESMTP\r\n');
    let inText = false;
    createInterface({ input: socket }).on('line', (line) => {
      if (inText && line !== '.') return;
      const said = answer(line, socket);
      inText = said.startsWith('354');
      if (said !== '') socket.write(`${said}\r\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    open,
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const making = { policy: { allowed: [] }, timeoutMs: 500, userAgent: 'weft/test', clock: systemClock };

/** Sends one message through a channel made of `spec`. */
export async function send(
  spec: Exclude<ChannelSpec, { type: 'alertmanager' }>,
  over: { trusted?: boolean; payload?: WebhookPayload; signal?: AbortSignal } = {},
): Promise<SendOutcome> {
  const channel = makeChannel('c1', spec, { ...making, trusted: over.trusted ?? true });
  return await channel.send(
    { id: 'msg_1', payload: over.payload ?? payload() },
    over.signal ?? new AbortController().signal,
  );
}

export const common = { name: 'ops', sendResolved: true, enabled: true };
