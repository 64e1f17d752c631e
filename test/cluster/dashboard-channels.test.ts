import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { describe, expect, test } from 'vitest';
import type { ChannelSpec } from '../../dashboard/io/notify/channel-schema.ts';
import { guardedFetch } from '../../dashboard/io/notify/guarded-http.ts';
import { pinTarget } from '../../dashboard/io/notify/target-guard.ts';
import { until } from '../support/until.ts';
import { common, payload, send, startSink, startSmtpLines, type Answer } from './channel-fixture.ts';

const webhook = (url: string) => ({ type: 'webhook', ...common, url }) as const;

describe('an HTTP receiver', () => {
  test.each<{ answer: Answer; want: object }>([
    { answer: { status: 200, body: 'thanks' }, want: { kind: 'sent', status: '200', body: 'thanks' } },
    { answer: { status: 400, body: 'no' }, want: { kind: 'refused', why: 'refused it with 400', body: 'no' } },
    { answer: { status: 410 }, want: { kind: 'refused', disable: 'it answered 410: it is gone for good' } },
    {
      answer: { status: 429, headers: { 'retry-after': '7' } },
      want: { kind: 'retry', retryAfterMs: 7000, heard: false },
    },
    { answer: { status: 500, body: 'x'.repeat(999) }, want: { kind: 'retry', body: 'x'.repeat(200) } },
    {
      answer: { status: 302, headers: { location: 'http://127.0.0.1:1/' } },
      want: { kind: 'refused', why: 'answered 302, and redirects are not followed' },
    },
    { answer: 'hang', want: { kind: 'retry', why: 'gave no answer within 0.5 s', heard: true } },
  ])('that answers $answer', async ({ answer, want }) => {
    await using sink = await startSink(answer);
    expect(await send(webhook(sink.url))).toMatchObject(want);
    expect(sink.bodies).toHaveLength(1);
  });

  test('that is not there', async () => {
    const { url } = await (async () => {
      await using sink = await startSink({ status: 200 });
      return { url: sink.url };
    })();
    expect(await send(webhook(url))).toMatchObject({
      kind: 'retry',
      why: 'cannot be reached (ECONNREFUSED)',
      heard: false,
    });
  });
});

describe('Slack', () => {
  test.each([
    { answer: { status: 200, body: 'ok' }, want: { kind: 'sent' } },
    { answer: { status: 200, body: 'invalid_payload' }, want: { kind: 'refused', why: 'answered invalid_payload' } },
    {
      answer: { status: 404, body: 'no_service' },
      want: { kind: 'refused', disable: 'Slack answered 404 no_service' },
    },
  ])('that answers $answer', async ({ answer, want }) => {
    await using sink = await startSink(answer);
    expect(await send({ type: 'slack', ...common, url: sink.url })).toMatchObject(want);
    expect(sink.bodies[0]).not.toContain('<!channel>');
    expect(JSON.parse(sink.bodies[0] ?? '')).toMatchObject({
      text: expect.stringContaining('[FIRING:1] A api Bcc') as string,
      attachments: [
        {
          color: 'danger',
          title_link: expect.stringMatching(/^https:\/\/dash\.example\/alerts\?q=rule%3AA%20/) as string,
        },
      ],
    });
  });
});

const OTHER_HTTP = {
  slack: (url: string) => ({ type: 'slack', ...common, url }) as const,
  pagerduty: (url: string) => ({ type: 'pagerduty', ...common, routingKey: 'a'.repeat(32), url }) as const,
};

describe.each(['slack', 'pagerduty'] as const)('%s', (kind) => {
  test.each<{ answer: Answer; want: object }>([
    { answer: { status: 400, body: 'bad' }, want: { kind: 'refused', status: '400', body: 'bad' } },
    { answer: { status: 429, headers: { 'retry-after': '7' } }, want: { kind: 'retry', retryAfterMs: 7000 } },
    { answer: { status: 500 }, want: { kind: 'retry', why: 'answered 500', heard: false } },
    {
      answer: { status: 307, headers: { location: 'http://127.0.0.1:1/' } },
      want: { kind: 'refused', why: 'answered 307, and redirects are not followed' },
    },
    { answer: 'hang', want: { kind: 'retry', why: 'gave no answer within 0.5 s', heard: true } },
  ])('that answers $answer', async ({ answer, want }) => {
    await using sink = await startSink(answer);
    expect(await send(OTHER_HTTP[kind](sink.url))).toMatchObject(want);
    expect(sink.bodies).toHaveLength(1);
  });
});

test('PagerDuty gets a trigger, and the end of the same incident', async () => {
  await using sink = await startSink({ status: 202, body: '{}' });
  const spec = { type: 'pagerduty', ...common, routingKey: 'a'.repeat(32), url: sink.url } as const;
  expect(await send(spec)).toMatchObject({ kind: 'sent', status: '202' });
  await send(spec, { payload: payload({ status: 'resolved' }) });
  const [trigger, end] = sink.bodies.map((body) => JSON.parse(body) as Record<string, unknown>);
  expect(trigger).toMatchObject({ event_action: 'trigger', payload: { source: 'h1', severity: 'critical' } });
  expect(end).toEqual({ event_action: 'resolve', routing_key: 'a'.repeat(32), dedup_key: trigger?.['dedup_key'] });
});

describe('email', () => {
  async function startSmtp(refuseWith?: number) {
    const mails: string[] = [];
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onData: (stream, _session, callback) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          mails.push(Buffer.concat(chunks).toString('utf8'));
          if (refuseWith === undefined) callback();
          else callback(Object.assign(new RangeError('not today'), { responseCode: refuseWith }));
        });
      },
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.server.address() as AddressInfo;
    return {
      mails,
      port,
      [Symbol.asyncDispose]: () =>
        new Promise<void>((resolve) => {
          server.close(resolve);
        }),
    };
  }
  const spec = (port: number, tls: 'none' | 'starttls') =>
    ({
      type: 'email' as const,
      ...common,
      host: '127.0.0.1',
      port,
      tls,
      from: 'weft@example.org',
      to: ['ops@example.org'],
    }) satisfies ChannelSpec;

  test('goes out with text before HTML, and a name cannot add a header', async () => {
    await using smtp = await startSmtp();
    expect(await send(spec(smtp.port, 'none'))).toMatchObject({ kind: 'sent', status: '250' });
    const [mail = ''] = smtp.mails;
    const headers = mail.slice(0, mail.indexOf('\r\n\r\n'));
    expect(headers).toMatch(/^Subject: \[FIRING:1\] A api Bcc: all@example\.org/m);
    expect(headers).not.toMatch(/^Bcc:/m);
    expect(headers).toMatch(/^Auto-Submitted: auto-generated/m);
    expect(headers).toMatch(/^In-Reply-To:\s+<alert-[0-9a-f]{32}-\d{4}-\d\d-\d\d@example\.org>/m);
    expect(mail.indexOf('text/plain')).toBeLessThan(mail.indexOf('text/html'));
    expect(mail.slice(mail.indexOf('text/html'))).not.toContain('<b>');
  });

  test.each([
    { code: 451, want: { kind: 'retry', why: 'answered 451' } },
    { code: 550, want: { kind: 'refused', why: 'refused it with 550' } },
  ])('that is answered with $code', async ({ code, want }) => {
    await using smtp = await startSmtp(code);
    expect(await send(spec(smtp.port, 'none'))).toMatchObject(want);
  });

  test.each([
    { name: 'says nothing', greeting: undefined },
    { name: 'greets, and then says nothing', greeting: '220 mail.example ESMTP\r\n' },
  ])('to a server that $name is tried again', async ({ greeting }) => {
    const open = new Set<Socket>();
    const server = createTcpServer((socket) => {
      open.add(socket.on('error', () => undefined));
      if (greeting !== undefined) socket.write(greeting);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await using _server = {
      [Symbol.asyncDispose]: async () => {
        for (const socket of open) socket.destroy();
        await new Promise((resolve) => server.close(resolve));
      },
    };
    const { port } = server.address() as AddressInfo;
    expect(await send(spec(port, 'none'))).toMatchObject({ kind: 'retry', heard: true });
    expect(open.size).toBe(1);
  });

  test('to a server that never ends its answer is tried again, and the connection is ended', async () => {
    await using smtp = await startSmtpLines((_line, socket) => {
      const drip = setInterval(() => socket.write('250-and more\r\n'), 50);
      socket.on('close', () => {
        clearInterval(drip);
      });
      return '';
    });
    const gaveUp = send(spec(smtp.port, 'none'));
    const waited = AbortSignal.timeout(8000);
    const never = new Promise((resolve) => {
      waited.addEventListener('abort', () => {
        resolve('still waits');
      });
    });
    expect(await Promise.race([gaveUp, never])).toMatchObject({ kind: 'retry', heard: true });
    await until(() => smtp.open.size === 0, { what: 'its connection is ended' });
  });

  test.each([
    {
      code: 450,
      want: {
        kind: 'retry',
        why: 'did not take it for second@example.org yet',
        heard: true,
        left: ['second@example.org'],
      },
    },
    { code: 550, want: { kind: 'sent' } },
  ])('that one of two is refused with $code tells who did not get it', async ({ code, want }) => {
    await using smtp = await startSmtpLines((line) => {
      if (line.startsWith('RCPT') && line.includes('second')) return `${code} not here`;
      return line === 'DATA' ? '354 go on' : '250 taken';
    });
    const to = ['ops@example.org', 'second@example.org'];
    expect(await send({ ...spec(smtp.port, 'none'), to })).toEqual({
      ...want,
      status: '250',
      body: `not taken for second@example.org: ${code} not here; 250 taken`,
    });
  });

  test('that is given up ends its connection', async () => {
    await using smtp = await startSmtpLines(() => '');
    const stop = new AbortController();
    const sent = send(spec(smtp.port, 'none'), { signal: stop.signal });
    await until(() => smtp.open.size === 1, { what: 'it is connected' });
    stop.abort(new RangeError('the dashboard stops'));
    await expect(sent).rejects.toThrow('the dashboard stops');
    await until(() => smtp.open.size === 0, { what: 'its connection is ended', timeoutMs: 300 });
  });

  test('is not sent in clear text where TLS is asked for', async () => {
    await using smtp = await startSmtp();
    expect((await send(spec(smtp.port, 'starttls'))).kind).not.toBe('sent');
    expect(smtp.mails).toEqual([]);
  });
});

describe('what must not be reached', () => {
  test.each([
    'http://127.0.0.1:1/',
    'http://[::1]:1/',
    'http://169.254.169.254/latest',
    'http://10.0.0.1/',
    'http://[::ffff:127.0.0.1]/',
    'http://[fd00::1]/',
    'http://0.0.0.0/',
    'http://224.0.0.1/',
    'http://localhost:1/',
  ])('%s, for a channel of the API', async (url) => {
    expect(await send(webhook(url), { trusted: false })).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining('must not be reached') as string,
    });
  });

  test('a name with one bad address among good ones', async () => {
    const resolve = () =>
      Promise.resolve([
        { address: '1.1.1.1', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ]);
    await expect(pinTarget('mixed.example', { allowed: [] }, resolve)).rejects.toThrow(
      'mixed.example: 127.0.0.1 is not a public address',
    );
  });

  test('a name is asked once, and what it said then is where the connection goes', async () => {
    await using sink = await startSink({ status: 200, body: 'pinned' });
    let asked = 0;
    const resolve = () => Promise.resolve([{ address: (asked += 1) === 1 ? '127.0.0.1' : '192.0.2.1', family: 4 }]);
    const url = `http://rebinding.example:${new URL(sink.url).port}/`;
    const options = { policy: { allowed: ['127.0.0.0/8'] }, timeoutMs: 2000, userAgent: 'weft', resolve };
    const answer = await guardedFetch({ url, headers: {}, body: '{}' }, options, new AbortController().signal);
    expect([answer.body, asked]).toEqual(['pinned', 1]);
  });
});
