import { afterAll, beforeAll, beforeEach } from 'vitest';
import { EtcdClient } from '../../../native/etcd/client.ts';
import { parseEndpoint } from '../../../native/etcd/endpoint.ts';
import { systemClock } from '../../../native/host/clock.ts';
import { startEtcd, type TestEtcd } from '../../support/etcd.ts';

export interface FreshEtcd {
  readonly etcd: TestEtcd;
  readonly client: EtcdClient;
}

/** A real etcd for the tests of a file, emptied before each of them. */
export function freshEtcd(): FreshEtcd {
  let running: FreshEtcd | undefined;
  const present = (): FreshEtcd => {
    if (running === undefined) throw new RangeError('etcd runs inside tests and hooks only');
    return running;
  };
  beforeAll(async () => {
    const etcd = await startEtcd();
    running = { etcd, client: new EtcdClient({ endpoints: [parseEndpoint(etcd.endpoint)], clock: systemClock }) };
  });
  afterAll(async () => {
    running?.client.close();
    await running?.etcd[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    const { client } = present();
    for (const { key } of (await client.list('/')).entries) await client.delete(key);
  });
  return {
    get etcd() {
      return present().etcd;
    },
    get client() {
      return present().client;
    },
  };
}
