import { expect, test } from 'vitest';
import { startStatusServer } from '../../../../native/host/status-server.ts';

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
