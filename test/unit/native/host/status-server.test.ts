import { request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { startStatusServer, takesGzip } from '../../../../native/host/status-server.ts';

const healthy = { unhealthy: () => undefined, unready: () => undefined, metrics: () => Promise.resolve('weft_up 1\n') };
const at = { host: '127.0.0.1', port: 0, setting: '--listen' };

async function get(
  listen: string,
  path: string,
  method = 'GET',
): Promise<{ status: number; text: string; type: string | null }> {
  const response = await fetch(`http://${listen}${path}`, { method });
  return { status: response.status, text: await response.text(), type: response.headers.get('content-type') };
}

test('answers health, readiness and metrics', async () => {
  await using server = await startStatusServer(healthy, at);
  expect(await get(server.listen, '/healthz')).toMatchObject({ status: 200, text: 'ok\n' });
  expect(await get(server.listen, '/readyz?x=1')).toMatchObject({ status: 200, text: 'ok\n' });
  expect(await get(server.listen, '/metrics')).toEqual({
    status: 200,
    text: 'weft_up 1\n',
    type: 'text/plain; version=0.0.4; charset=utf-8',
  });
  expect(await get(server.listen, '/elsewhere')).toMatchObject({
    status: 404,
    text: 'not found: try /healthz, /readyz or /metrics\n',
  });
  expect(await get(server.listen, '/healthz', 'POST')).toMatchObject({ status: 405 });
});

test('tells the complaint with 503', async () => {
  await using server = await startStatusServer({ ...healthy, unready: () => 'subnet.env is not written yet' }, at);
  expect(await get(server.listen, '/readyz')).toMatchObject({ status: 503, text: 'subnet.env is not written yet\n' });
});

test('streams metrics that come in chunks', async () => {
  await using server = await startStatusServer({ ...healthy, metrics: () => ['a 1\n', 'b 2\n'] }, at);
  expect(await get(server.listen, '/metrics')).toMatchObject({ text: 'a 1\nb 2\n' });
});

test('metrics that fail are a 500, and the next request is answered', async () => {
  await using server = await startStatusServer(
    { ...healthy, metrics: () => Promise.reject(new RangeError('no such family')) },
    at,
  );
  expect((await get(server.listen, '/metrics')).status).toBe(500);
  expect(await get(server.listen, '/healthz')).toMatchObject({ status: 200 });
});

test('a port in use names the address and the setting', async () => {
  await using server = await startStatusServer(healthy, at);
  const port = Number(server.listen.split(':')[1]);
  await expect(startStatusServer(healthy, { ...at, port })).rejects.toThrow(
    `cannot listen on 127.0.0.1:${port}: another process listens there; choose another with --listen`,
  );
});

test('further documents are JSON, and named by the 404', async () => {
  const documents = {
    '/status': () => ({ v: 1 }),
    '/broken': () => {
      throw new RangeError('no status now');
    },
  };
  await using server = await startStatusServer({ ...healthy, documents }, at);
  expect(await get(server.listen, '/status')).toEqual({
    status: 200,
    text: '{"v":1}\n',
    type: 'application/json; charset=utf-8',
  });
  expect(await get(server.listen, '/broken')).toMatchObject({ status: 500, text: 'RangeError: no status now\n' });
  expect(await get(server.listen, '/toString')).toMatchObject({
    status: 404,
    text: 'not found: try /healthz, /readyz, /status, /broken or /metrics\n',
  });
});

test.each([
  { name: 'Prometheus', header: 'gzip', takes: true },
  { name: 'a browser', header: 'deflate, br;q=1.0, GZIP;q=0.5', takes: true },
  { name: 'anything', header: '*', takes: true },
  { name: 'refused', header: 'gzip;q=0, identity', takes: false },
  { name: 'anything but gzip', header: '*;q=1, gzip;q=0', takes: false },
  { name: 'nothing said', header: undefined, takes: false },
])('gzip is for those who take it: $name', ({ header, takes }) => {
  expect(takesGzip(header)).toBe(takes);
});

interface RawAnswer {
  readonly encoding: string | undefined;
  readonly body: Buffer;
}

/** `restMs` is how long the client rests after each piece that it reads. */
async function getRaw(listen: string, headers: Record<string, string>, restMs = 0): Promise<RawAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const outgoing = request(`http://${listen}/metrics`, { headers }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (restMs === 0) return;
      response.pause();
      setTimeout(() => response.resume(), restMs);
    });
    response.once('end', () => {
      resolve({ encoding: response.headers['content-encoding'], body: Buffer.concat(chunks) });
    });
    response.once('error', reject);
  });
  outgoing.once('error', reject);
  outgoing.end();
  return await promise;
}

test('metrics are compressed, and the same text', async () => {
  const lines = Array.from({ length: 5000 }, (_, index) => `a{b="${index}"} 1\n`);
  await using server = await startStatusServer({ ...healthy, metrics: () => lines }, at);
  const plain = await getRaw(server.listen, {});
  const packed = await getRaw(server.listen, { 'accept-encoding': 'gzip' });
  expect(plain).toEqual({ encoding: undefined, body: Buffer.from(lines.join('')) });
  expect(packed.encoding).toBe('gzip');
  expect(packed.body.length).toBeLessThan(plain.body.length / 3);
  expect(gunzipSync(packed.body)).toEqual(plain.body);
});

/** Chunks that stand as long as the contract says and no longer: two buffers take turns. */
function* inTwoBuffers(chunks: number): Generator<Uint8Array> {
  const buffers = [Buffer.alloc(100_000), Buffer.alloc(100_000)] as const;
  for (let index = 0; index < chunks; index += 1) {
    const buffer = buffers[index % 2 === 0 ? 0 : 1];
    for (let at = 0; at < buffer.length; at += 10)
      buffer.write(`${String(index).padStart(4)} ${String(at % 9973).padStart(4)}\n`, at);
    yield buffer;
  }
}

test('chunks whose bytes are written over arrive whole, also at a client that reads slowly', async () => {
  await using server = await startStatusServer({ ...healthy, metrics: () => inTwoBuffers(40) }, at);
  const want = Buffer.concat(Array.from(inTwoBuffers(40), (chunk) => Buffer.from(chunk)));
  const [plain, packed, slow] = await Promise.all([
    getRaw(server.listen, {}),
    getRaw(server.listen, { 'accept-encoding': 'gzip' }),
    getRaw(server.listen, {}, 2),
  ]);
  expect(plain.body.equals(want)).toBe(true);
  expect(gunzipSync(packed.body).equals(want)).toBe(true);
  expect(slow.body.equals(want)).toBe(true);
});

test.each([{ encoding: 'identity' }, { encoding: 'gzip' }])(
  'nothing is made for a client that has gone: $encoding',
  async ({ encoding }) => {
    const { promise: ended, resolve } = Promise.withResolvers<number>();
    function* endless(): Generator<Uint8Array> {
      let made = 0;
      try {
        for (const chunk of inTwoBuffers(1_000_000)) {
          made += 1;
          yield chunk;
        }
      } finally {
        resolve(made);
      }
    }
    await using server = await startStatusServer({ ...healthy, metrics: endless }, at);
    const outgoing = request(`http://${server.listen}/metrics`, { headers: { 'accept-encoding': encoding } });
    outgoing
      .on('error', () => undefined)
      .once('response', (response) => {
        response.once('data', () => outgoing.destroy());
      });
    outgoing.end();
    expect(await ended).toBeLessThan(1_000_000);
    expect(await get(server.listen, '/healthz')).toMatchObject({ status: 200 });
  },
);

test('metrics that fail half way break the connection, and are never a whole 200', async () => {
  function* broken(): Generator<string> {
    yield 'a 1\n';
    throw new RangeError('half way');
  }
  await using server = await startStatusServer({ ...healthy, metrics: broken }, at);
  await expect(getRaw(server.listen, {})).rejects.toThrow();
  expect(await get(server.listen, '/healthz')).toMatchObject({ status: 200 });
});

test('what another answers is not a 404', async () => {
  await using server = await startStatusServer(
    {
      ...healthy,
      further: (incoming, response) => {
        if (incoming.url !== '/mine') return false;
        response.end('mine\n');
        return true;
      },
    },
    at,
  );
  expect(await get(server.listen, '/mine')).toMatchObject({ status: 200, text: 'mine\n' });
  expect(await get(server.listen, '/theirs')).toMatchObject({ status: 404 });
});
