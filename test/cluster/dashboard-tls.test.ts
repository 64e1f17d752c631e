import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../cli/demo/ports.ts';
import { UI_NAMESPACE } from '../../dashboard/view-wire.ts';
import { makeAuthority, type CertificateAuthority } from '../support/certificates.ts';
import { startWeft, type TestProcess } from '../support/processes.ts';
import { until } from '../support/until.ts';
import { secureCall, type SecureAnswer } from './secure-call.ts';

const HOSTS = ['IP:127.0.0.1'];

let folder: string;
let authority: CertificateAuthority;
let dashboard: TestProcess;
let url: string;
let ca: string;
const cert = (): string => join(folder, 'served.pem');
const key = (): string => join(folder, 'served.key');

function serve(name: string): void {
  const files = authority.issue({ name, hosts: HOSTS });
  copyFileSync(files.cert, cert());
  copyFileSync(files.key, key());
}

const call = (path: string, options: Parameters<typeof secureCall>[1] = {}): Promise<SecureAnswer> =>
  secureCall(`${url}${path}`, { ca, ...options });

/** The name in the certificate that a new connection is shown. */
async function servedName(): Promise<string | string[] | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string | string[] | undefined>();
  get(`${url}/healthz`, { ca, agent: false }, (answer) => {
    resolve(answer.socket instanceof TLSSocket ? answer.socket.getPeerCertificate().subject.CN : undefined);
    answer.resume();
  }).once('error', reject);
  return await promise;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-test-tls-'));
  authority = makeAuthority(folder);
  ca = readFileSync(authority.ca, 'utf8');
  serve('first');
  const listen = `127.0.0.1:${await freePort()}`;
  url = `https://${listen}`;
  const files = ['--tls-cert', cert(), '--tls-key', key()];
  dashboard = await startWeft(['dashboard', '--listen', listen, '--data-dir', join(folder, 'data'), ...files]);
  await until(async () => (await call('/readyz')).status === 200, { what: 'it is ready', timeoutMs: 15_000 });
});

afterAll(async () => {
  await dashboard[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test('the printed address is https, and a login gets a __Host- cookie that lets a socket in', async () => {
  const printed = /https:\S+\/login#token=(\S+)/.exec(dashboard.stdout());
  expect(printed?.[0]).toMatch(`${url}/login#token=`);
  const login = await call('/api/v1/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ token: printed?.[1] }),
  });
  const [cookie = ''] = login.headers['set-cookie'] ?? [];
  expect(cookie).toMatch(/^__Host-weft-session=/);
  for (const part of ['HttpOnly', 'Secure', 'SameSite=Lax', 'Path=/']) expect(cookie).toContain(part);
  expect(cookie).not.toContain('Domain');
  const extraHeaders = { cookie: cookie.split(';')[0] ?? '', origin: url };
  const socket = io(`${url}${UI_NAMESPACE}`, { ca, transports: ['websocket'], reconnection: false, extraHeaders });
  try {
    await until(() => socket.connected, { what: 'the socket is let in' });
  } finally {
    socket.disconnect();
  }
});

test('the same page without TLS is another origin', async () => {
  const answer = await call('/api/v1/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url.replace('https:', 'http:') },
    body: '{"token":"x"}',
  });
  expect([answer.status, answer.body]).toEqual([403, expect.stringContaining("is not this dashboard's") as string]);
});

test('who speaks plain HTTP gets nothing', async () => {
  await expect(fetch(`${url.replace('https:', 'http:')}/healthz`)).rejects.toThrow();
});

test('a changed certificate is served without a restart; one that does not fit is not', async () => {
  expect(await servedName()).toBe('first');
  serve('second');
  await until(async () => (await servedName()) === 'second', { what: 'the second certificate', timeoutMs: 15_000 });
  writeFileSync(key(), readFileSync(authority.issue({ name: 'other', hosts: HOSTS }).key));
  await until(() => dashboard.stderr().includes('does not belong to the certificate'), {
    what: 'the log says why',
    timeoutMs: 15_000,
  });
  expect(await servedName()).toBe('second');
  serve('third');
  await until(async () => (await servedName()) === 'third', { what: 'the third certificate', timeoutMs: 15_000 });
});

test('a public address without TLS is refused with a sentence before anything is made', async () => {
  await using refused = await startWeft(['dashboard', '--listen', '0.0.0.0:0', '--data-dir', join(folder, 'none')]);
  expect(await refused.exited).toMatchObject({ code: 2 });
  expect(refused.stderr()).toMatch(/^weft dashboard: listen: 0\.0\.0\.0:0 is reached by other machines/);
});
