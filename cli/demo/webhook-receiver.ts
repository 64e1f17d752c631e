import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { listenOn } from '../../native/host/status-server.ts';

const MAX_BODY_BYTES = 1024 * 1024;

/** The part of Alertmanager's webhook payload (version 4) that one line needs. */
const payloadSchema = z.object({
  version: z.literal('4'),
  alerts: z.array(
    z.object({
      status: z.enum(['firing', 'resolved']),
      labels: z.record(z.string(), z.string()),
      annotations: z.record(z.string(), z.string()).default({}),
    }),
  ),
});

/** Containers choose their own names, and a terminal obeys control characters. */
function printable(text: string): string {
  return text.replace(/[^\P{C} ]/gu, '?').slice(0, 200);
}

/** One line for each alert of a payload: `alert firing: ContainerCpuHigh container=cpu-wave host=weft-h1 (…)`. @throws {z.ZodError | SyntaxError} */
export function alertLines(body: string): string[] {
  return payloadSchema.parse(JSON.parse(body)).alerts.map(({ status, labels, annotations }) => {
    const { alertname = 'unnamed', ...others } = labels;
    const shown = Object.entries(others).map(([name, value]) => `${name}=${value}`);
    // Of a resolved alert the text is still that of its last bad value.
    const summary = status === 'resolved' || annotations['summary'] === undefined ? '' : ` (${annotations['summary']})`;
    return printable(`alert ${status}: ${[alertname, ...shown].join(' ')}${summary}`);
  });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new RangeError(`the body is over ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  print: (line: string) => void,
): Promise<void> {
  try {
    for (const line of alertLines(await bodyOf(request))) print(line);
    response.writeHead(204).end();
  } catch (error) {
    response.writeHead(400, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
    response.end(`expected Alertmanager's webhook payload, version 4: ${String(error).slice(0, 500)}\n`);
  }
}

export interface WebhookReceiver extends AsyncDisposable {
  /** `http://127.0.0.1:PORT/`. */
  readonly url: string;
}

/** Prints what the dashboard notifies: the demo's own end of the alert chain. @throws {FatalError} */
export async function startWebhookReceiver(print: (line: string) => void): Promise<WebhookReceiver> {
  const server = createServer((request, response) => {
    void answer(request, response, print);
  });
  server.requestTimeout = 10_000;
  const listen = await listenOn(server, { host: '127.0.0.1', port: 0, setting: '--port' });
  return {
    url: `http://${listen}/`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
  };
}
