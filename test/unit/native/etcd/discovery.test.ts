import type { SrvRecord } from 'node:dns';
import { describe, expect, test } from 'vitest';
import { discoverBySrv, orderRecords } from '../../../../native/etcd/discovery.ts';
import { EtcdError } from '../../../../native/etcd/errors.ts';

const record = (name: string, fields: Partial<SrvRecord> = {}): SrvRecord => ({
  name,
  priority: 0,
  weight: 0,
  port: 2379,
  ...fields,
});

const missing = (): never => {
  throw Object.assign(new RangeError('queryA'), { code: 'ENOTFOUND' });
};

interface Case {
  readonly name: string;
  readonly zone: Readonly<Record<string, readonly SrvRecord[]>>;
  readonly secureOnly?: boolean;
  readonly insideOnly?: boolean;
  readonly want: readonly string[] | string;
}

const CASES: readonly Case[] = [
  {
    name: 'plain endpoints',
    zone: {
      '_etcd-client._tcp.example.com': [
        record('e1.example.com'),
        record('e2.example.com', { priority: 1, port: 4001 }),
      ],
    },
    want: ['http://e1.example.com:2379', 'http://e2.example.com:4001'],
  },
  {
    name: 'encrypted ones are taken alone',
    zone: {
      '_etcd-client._tcp.example.com': [record('e1.example.com')],
      '_etcd-client-ssl._tcp.example.com': [record('e2.example.com')],
    },
    want: ['https://e2.example.com:2379'],
  },
  {
    name: 'plain ones are not taken where TLS is asked for',
    zone: { '_etcd-client._tcp.example.com': [record('e1.example.com')] },
    secureOnly: true,
    want: 'cannot list /x at SRV example.com: there is no _etcd-client-ssl._tcp.example.com',
  },
  {
    name: 'no records',
    zone: {},
    want: 'cannot list /x at SRV example.com: there is no _etcd-client-ssl._tcp.example.com, there is no _etcd-client._tcp.example.com',
  },
  {
    name: 'a target elsewhere, public CAs trusted',
    zone: { '_etcd-client-ssl._tcp.example.com': [record('e.example.org'), record('badexample.com')] },
    insideOnly: true,
    want: 'cannot list /x at SRV example.com: its targets are not inside example.com: give the CA file that vouches for them',
  },
  {
    name: 'targets inside, public CAs trusted',
    zone: { '_etcd-client-ssl._tcp.example.com': [record('E1.Example.COM.'), record('e.example.org')] },
    insideOnly: true,
    want: ['https://e1.example.com:2379'],
  },
];

describe('SRV discovery', () => {
  test.each(CASES)('$name', async ({ zone, secureOnly = false, insideOnly = false, want }) => {
    const discovery = discoverBySrv({
      domain: 'example.com',
      secureOnly,
      insideOnly,
      resolve: (name) => Promise.resolve().then(() => zone[name] ?? missing()),
      random: () => 0,
    });
    const found = discovery.find({ operation: 'list', key: '/x' }).then(
      (endpoints) => endpoints.map(({ url }) => url),
      (error: unknown) => (error instanceof EtcdError ? error.message : error),
    );
    expect(await found).toEqual(want);
  });

  test('a name server that does not answer is told from one that knows nothing', async () => {
    const resolve = (): Promise<never> => Promise.reject(Object.assign(new RangeError('x'), { code: 'ETIMEOUT' }));
    const discovery = discoverBySrv({ domain: 'd', secureOnly: true, insideOnly: false, resolve, random: () => 0 });
    await expect(discovery.find({ operation: 'get', key: '/k' })).rejects.toThrow(
      'cannot get /k at SRV d: _etcd-client-ssl._tcp.d cannot be asked for (ETIMEOUT)',
    );
  });
});

describe('the order of records', () => {
  test('priorities first, weights by chance', () => {
    const records = [
      record('c', { priority: 2, weight: 1 }),
      record('a', { priority: 1 }),
      record('b', { priority: 1, weight: 10 }),
      record('d', { priority: 1, weight: 90 }),
    ];
    const names = (chance: number): string =>
      orderRecords(records, () => chance)
        .map(({ name }) => name)
        .join('');
    expect([names(0), names(0.05), names(0.5)]).toEqual(['bdac', 'bdac', 'dbac']);
  });
});
