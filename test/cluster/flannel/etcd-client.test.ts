import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../../cli/demo/ports.ts';
import { EtcdClient } from '../../../native/etcd/client.ts';
import { fixedTls, type EtcdTls } from '../../../native/etcd/tls.ts';
import { parseEndpoint } from '../../../native/etcd/endpoint.ts';
import { EtcdError } from '../../../native/etcd/errors.ts';
import { grantLease, keepLeaseAlive, leaseTimeToLive, revokeLease } from '../../../native/etcd/lease.ts';
import { keepPresence } from '../../../native/etcd/presence.ts';
import { watchPrefix, type PrefixUpdate, type WatchState } from '../../../native/etcd/watch.ts';
import { systemClock } from '../../../native/host/clock.ts';
import { startEtcd, type TestEtcd } from '../../support/etcd.ts';
import { run } from '../../support/netns.ts';
import { startProcess, type TestProcess } from '../../support/processes.ts';
import { until } from '../../support/until.ts';

const clientOf = (...urls: string[]): EtcdClient =>
  new EtcdClient({ endpoints: urls.map(parseEndpoint), clock: systemClock });

const etcdctl = (etcd: TestEtcd, ...words: string[]): string =>
  run('env', 'ETCDCTL_API=3', 'etcdctl', '--endpoints', etcd.endpoint, ...words);

async function errorOf(work: Promise<unknown>): Promise<EtcdError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof EtcdError) return error;
    throw error;
  }
  throw new RangeError('no error');
}

/** A follower and what it was told. */
class Follower implements AsyncDisposable {
  readonly updates: PrefixUpdate[] = [];
  readonly states: WatchState[] = [];
  readonly #stop = new AbortController();
  readonly #run: Promise<unknown>;

  constructor(client: EtcdClient, prefix: string, relistMs?: number) {
    this.#run = watchPrefix({
      client,
      prefix,
      signal: this.#stop.signal,
      relistMs,
      onUpdate: (update) => this.updates.push(update),
      onState: (state) => this.states.push(state),
    }).catch(() => undefined);
  }

  /** The keys as this follower knows them. */
  known(): string[] {
    const keys = new Map<string, string>();
    for (const update of this.updates) {
      if (update.kind === 'snapshot') {
        keys.clear();
        for (const { key, value } of update.entries) keys.set(key, value);
        continue;
      }
      for (const event of update.events) {
        if (event.kind === 'put') keys.set(event.entry.key, event.entry.value);
        else keys.delete(event.key);
      }
    }
    return [...keys].map(([key, value]) => `${key}=${value}`).sort();
  }

  reasons(): string[] {
    return this.updates.flatMap((update) => (update.kind === 'snapshot' ? [update.reason] : []));
  }

  async connected(): Promise<void> {
    await until(() => this.states.at(-1)?.kind === 'connected', { what: 'the watch is connected' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#run;
  }
}

describe('one member', () => {
  let etcd: TestEtcd;
  let client: EtcdClient;
  beforeAll(async () => {
    etcd = await startEtcd();
    client = clientOf(etcd.endpoint);
  });
  afterAll(async () => {
    client.close();
    await etcd[Symbol.asyncDispose]();
  });

  test('lists are paged and read at one revision', async () => {
    for (let first = 0; first < 2300; first += 100) {
      await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          client.put({ key: `/list/${String(first + index).padStart(5, '0')}`, value: 'x' }),
        ),
      );
    }
    const { entries, revision } = await client.list('/list/');
    expect(entries).toHaveLength(2300);
    expect(entries.map(({ key }) => key)).toEqual(entries.map(({ key }) => key).sort());
    expect(entries.every(({ modRevision }) => modRevision <= revision)).toBe(true);
    expect((await client.list('/nothing/')).entries).toEqual([]);
  });

  test('a compare decides who writes', async () => {
    const key = Buffer.from('/txn');
    const create = () =>
      client.transact({
        operation: 'create',
        key: '/txn',
        compare: [{ key, target: 'Version', result: 'Equal', version: '0' }],
        success: [{ request_put: { key, value: Buffer.from('1') } }],
      });
    expect([(await create()).succeeded, (await create()).succeeded]).toEqual([true, false]);
    await client.delete('/txn');
    expect(await client.get('/txn')).toBeUndefined();
  });

  test('a lease lives, is kept alive without an event, and ends', async () => {
    const lease = await grantLease(client, 60);
    await client.put({ key: '/leased', value: 'x', leaseId: lease.id });
    const before = await client.get('/leased');
    expect(before?.leaseId).toBe(lease.id);
    expect(await keepLeaseAlive(client, lease.id)).toBe(60);
    expect((await client.get('/leased'))?.modRevision).toBe(before?.modRevision);
    expect((await leaseTimeToLive(client, lease.id)).grantedTtlSeconds).toBe(60);
    await revokeLease(client, lease.id);
    await revokeLease(client, lease.id);
    expect([await keepLeaseAlive(client, lease.id), (await leaseTimeToLive(client, lease.id)).ttlSeconds]).toEqual([
      undefined,
      undefined,
    ]);
    expect(await client.get('/leased')).toBeUndefined();
    const error = await errorOf(client.put({ key: '/leased', value: 'x', leaseId: lease.id }));
    expect([error.code, error.reason]).toEqual(['LEASE_NOT_FOUND', 'the lease does not exist any more']);
  });

  test('a presence shows, comes back when it is lost, and goes with its owner', async () => {
    const stop = new AbortController();
    const options = { client, key: '/here', value: () => 'me', ttlSeconds: 3, clock: systemClock, random: () => 0.5 };
    const kept = keepPresence(options, stop.signal).catch(() => undefined);
    const shown = await until(() => client.get('/here'), { what: 'the presence' });
    await revokeLease(client, shown.leaseId);
    const again = await until(() => client.get('/here'), { what: 'the presence is back' });
    expect(again.leaseId).not.toBe(shown.leaseId);
    stop.abort();
    await kept;
    expect(await client.get('/here')).toBeUndefined();
  });

  test('a watch resumes behind the last event through restarts, and loses none', async () => {
    await client.put({ key: '/w/0', value: '0' });
    await using follower = new Follower(client, '/w/');
    await follower.connected();
    for (const round of [1, 2]) {
      await client.put({ key: '/w/a', value: String(round) });
      await etcd.kill();
      await until(() => follower.states.at(-1)?.kind === 'unavailable', { what: 'the outage is told' });
      expect(follower.known()).toContain('/w/0=0');
      await etcd.start();
      await until(() => client.put({ key: '/w/b', value: String(round) }).then(() => true), {
        what: 'etcd takes writes',
      });
      await until(() => follower.known().includes(`/w/b=${round}`), { what: 'the event after the restart' });
    }
    await client.delete('/w/0');
    await until(() => !follower.known().includes('/w/0=0'), { what: 'the deletion' });
    expect(follower.known()).toEqual(['/w/a=2', '/w/b=2']);
    expect(follower.reasons()).toEqual(['start']);
    const told = follower.states.find((state) => state.kind === 'unavailable');
    expect(told?.kind === 'unavailable' && told.error.message).toMatch(
      /^cannot watch \/w\/ at http:\/\/127\.0\.0\.1:\d+: /,
    );
  });

  test('lists now and then find nothing new, and disturb nothing', async () => {
    await using follower = new Follower(client, '/w/', 40);
    await until(() => follower.reasons().filter((reason) => reason === 'interval').length >= 3, {
      what: 'three lists',
    });
    await client.put({ key: '/w/c', value: '1' });
    await until(() => follower.known().includes('/w/c=1'), { what: 'the event' });
  });

  test('a member that hangs is left after its deadline', async () => {
    await using second = await startEtcd();
    using both = clientOf(etcd.endpoint, second.endpoint);
    expect(await both.get('/x')).toBeUndefined();
    process.kill(etcd.pid(), 'SIGSTOP');
    try {
      expect(await both.get('/x')).toBeUndefined();
      expect(both.endpoint?.url).toBe(second.endpoint);
    } finally {
      process.kill(etcd.pid(), 'SIGCONT');
    }
  });

  test('a dead endpoint costs one call', async () => {
    using both = clientOf('http://127.0.0.1:1', etcd.endpoint);
    await both.put({ key: '/both', value: '1' });
    expect((await both.get('/both'))?.value).toBe('1');
  });

  test('an aborted call ends with the signal’s reason', async () => {
    const stop = new AbortController();
    stop.abort(new RangeError('enough'));
    await expect(client.get('/x', stop.signal)).rejects.toThrow('enough');
  });

  test.each([
    { name: 'refused', url: () => 'http://127.0.0.1:1', want: 'nothing listens there (connection refused)' },
    {
      name: 'TLS asked of plain etcd',
      url: () => etcd.endpoint.replace('http', 'https'),
      want: 'it does not speak TLS: write http:// instead of https://',
    },
    { name: 'a name of nobody', url: () => 'http://no-such-host.invalid:2379', want: 'its name does not resolve' },
  ])('$name: one clear sentence', async ({ url, want }) => {
    using wrong = clientOf(url());
    const error = await errorOf(wrong.get('/k'));
    expect([error.code, error.message]).toEqual(['UNAVAILABLE', `cannot get /k at ${url()}: ${want}`]);
  });
});

test('history that was compacted away is listed again', async () => {
  await using etcd = await startEtcd();
  using client = clientOf(etcd.endpoint);
  const ctl = (...words: string[]): string => etcdctl(etcd, ...words);
  await client.put({ key: '/c/a', value: '1' });
  await using follower = new Follower(client, '/c/');
  await follower.connected();
  await etcd.kill();
  await until(() => follower.states.at(-1)?.kind === 'unavailable', { what: 'the outage' });
  // Before the follower is back: history moves on and is compacted.
  await etcd.start();
  ctl('put', '/c/a', '2');
  ctl('put', '/c/b', '1');
  const { revision } = await client.list('/c/');
  ctl('compact', String(revision));
  await until(() => follower.known().join() === '/c/a=2,/c/b=1', { what: 'all is known', timeoutMs: 20_000 });
});

interface SecureEtcd extends AsyncDisposable {
  readonly url: string;
  readonly ca: Buffer;
}

function openssl(folder: string, words: string): void {
  run('sh', '-c', `cd ${folder} && exec openssl ${words}`);
}

/** etcd behind a certificate of a private CA. */
async function startSecureEtcd(): Promise<SecureEtcd> {
  const folder = mkdtempSync(join(tmpdir(), 'weft-test-tls-'));
  const key = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes';
  openssl(folder, `req -x509 ${key} -keyout ca.key -out ca.pem -days 2 -subj /CN=weft-test-ca`);
  openssl(
    folder,
    `req ${key} -keyout e.key -out e.csr -subj /CN=etcd -addext subjectAltName=DNS:localhost,IP:127.0.0.1`,
  );
  openssl(
    folder,
    'x509 -req -in e.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out e.pem -days 2 -copy_extensions copy',
  );
  const port = await freePort();
  const peer = `http://127.0.0.1:${await freePort()}`;
  const url = `https://localhost:${port}`;
  const child: TestProcess = await startProcess(
    [
      'etcd',
      '--data-dir',
      join(folder, 'data'),
      '--listen-client-urls',
      `https://127.0.0.1:${port}`,
      '--advertise-client-urls',
      url,
    ]
      .concat([
        '--listen-peer-urls',
        peer,
        '--initial-advertise-peer-urls',
        peer,
        '--initial-cluster',
        `default=${peer}`,
      ])
      .concat(['--cert-file', join(folder, 'e.pem'), '--key-file', join(folder, 'e.key')]),
  );
  return {
    url,
    ca: readFileSync(join(folder, 'ca.pem')),
    [Symbol.asyncDispose]: async () => {
      await child[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}

describe('TLS', () => {
  let etcd: SecureEtcd;
  beforeAll(async () => {
    etcd = await startSecureEtcd();
  });
  afterAll(async () => {
    await etcd[Symbol.asyncDispose]();
  });

  const secure = (url: string, tls?: EtcdTls): EtcdClient =>
    new EtcdClient({ endpoints: [parseEndpoint(url)], tls: tls && fixedTls(tls), clock: systemClock });

  test('the CA alone is enough, for calls and for watches', async () => {
    using client = secure(etcd.url, { ca: etcd.ca, cert: undefined, key: undefined });
    await until(() => client.put({ key: '/tls', value: '1' }).then(() => true), { what: 'etcd takes writes' });
    await using follower = new Follower(client, '/tls');
    await follower.connected();
    expect(follower.known()).toEqual(['/tls=1']);
  });

  test.each([
    {
      name: 'without the CA',
      url: (): string => etcd.url,
      want: /comes from a CA that is not trusted: give the CA file$/,
    },
    {
      name: 'over plain HTTP',
      url: (): string => etcd.url.replace('https', 'http'),
      want: /it speaks TLS: write https:\/\/ instead of http:\/\/$/,
    },
  ])('$name: one clear sentence', async ({ url, want }) => {
    using client = secure(url());
    expect((await errorOf(client.get('/k'))).message).toMatch(want);
  });
});

test('users and passwords', async () => {
  await using etcd = await startEtcd();
  const ctl = (...words: string[]): string => etcdctl(etcd, ...words);
  ctl('user', 'add', 'root:secret');
  ctl('user', 'grant-role', 'root', 'root');
  ctl('role', 'add', 'net');
  ctl('role', 'grant-permission', 'net', '--prefix=true', 'readwrite', '/net');
  ctl('user', 'add', 'weft:pass');
  ctl('user', 'grant-role', 'weft', 'net');
  ctl('auth', 'enable');
  const as = (username: string, password: string): EtcdClient =>
    new EtcdClient({ endpoints: [parseEndpoint(etcd.endpoint)], auth: { username, password }, clock: systemClock });
  using weft = as('weft', 'pass');
  await weft.put({ key: '/net/x', value: '1' });
  await using follower = new Follower(weft, '/net/');
  await follower.connected();
  expect(follower.known()).toEqual(['/net/x=1']);
  const denied = await errorOf(weft.get('/other'));
  expect([denied.code, denied.transient]).toEqual(['PERMISSION_DENIED', false]);
  using wrong = as('weft', 'wrong');
  expect((await errorOf(wrong.get('/net/x'))).reason).toBe('etcd refused the user name or password');
  using nobody = clientOf(etcd.endpoint);
  expect((await errorOf(nobody.get('/net/x'))).reason).toBe('etcd demands a user name and password');
});
