import { randomUUID } from 'node:crypto';
import { EtcdClient } from '../../native/etcd/client.ts';
import type { EtcdEndpoint } from '../../native/etcd/endpoint.ts';
import { fixedTls, type EtcdTls } from '../../native/etcd/tls.ts';
import type { Clock, RandomSource } from '../../native/host/clock.ts';
import type { Logger } from '../../native/host/log.ts';
import type { Cluster } from '../model/cluster.ts';
import type { Documents } from './documents.ts';
import { Election } from './leadership.ts';
import { followPresence, type PresenceParts } from './presence.ts';
import { Replica } from './replica.ts';

export interface CoordinationOptions {
  readonly settings: {
    readonly etcdEndpoints: readonly EtcdEndpoint[];
    readonly etcdTls: EtcdTls | undefined;
    readonly etcdUsername?: string | undefined;
    readonly etcdPassword?: string | undefined;
  };
  readonly documents: Documents;
  /** As people know this dashboard. */
  readonly name: string;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Logger;
}

/** What is agreed on with etcd, and with the other dashboards through it. */
export interface Coordination extends Disposable {
  readonly election: Election;
  /** Follows and feeds etcd until `signal` aborts. @throws the signal's reason. */
  run(
    parts: { readonly cluster: Cluster; readonly onEtcd: PresenceParts['onState'] },
    signal: AbortSignal,
  ): Promise<unknown>;
}

/** `undefined` without endpoints: then this dashboard is the only one. */
export function openCoordination(options: CoordinationOptions): Coordination | undefined {
  const { settings, documents, name, clock, random, log } = options;
  const { etcdEndpoints: endpoints, etcdTls, etcdUsername: username, etcdPassword: password } = settings;
  if (endpoints.length === 0) return undefined;
  const auth = username === undefined ? undefined : { username, password: password ?? '' };
  const client = new EtcdClient({ endpoints, tls: etcdTls && fixedTls(etcdTls), auth, clock });
  const parts = { client, clock, random, log: log.child({ module: 'coordination' }) };
  const election = new Election({ ...parts, id: randomUUID(), name });
  const replica = new Replica({ ...parts, documents });
  return {
    election,
    run: ({ cluster, onEtcd }, signal) => {
      const presence = followPresence(
        {
          ...parts,
          log: log.child({ module: 'presence' }),
          onPresences: (presences) => {
            cluster.presences(presences, clock.monotonicMs());
          },
          onState: onEtcd,
        },
        signal,
      );
      return Promise.all([presence, election.run(signal), replica.run(signal)]);
    },
    [Symbol.dispose]: () => {
      client.close();
    },
  };
}
