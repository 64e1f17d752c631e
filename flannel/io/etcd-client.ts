import { EtcdClient } from '../../native/etcd/client.ts';
import type { EtcdClientOptions } from '../../native/etcd/connections.ts';
import { discoverBySrv, systemResolveSrv } from '../../native/etcd/discovery.ts';
import type { EtcdObserver } from '../../native/etcd/observer.ts';
import type { EtcdEndpoint } from '../../native/etcd/endpoint.ts';
import { TlsFileError, TlsFiles } from '../../native/etcd/tls.ts';
import type { Clock, RandomSource } from '../../native/host/clock.ts';
import { FatalError } from '../../native/host/lifecycle.ts';
import type { Logger } from '../../native/host/log.ts';

import { RESERVATIONS_PREFIX, subnetsPrefix } from '../wire.ts';
import { AGENT_PRESENCE_PREFIX } from '../presence-wire.ts';

/** The settings that concern etcd. */
export interface EtcdSettings {
  readonly etcdEndpoints: readonly EtcdEndpoint[];
  readonly etcdPrefix: string;
  readonly etcdDiscoverySrv?: string | undefined;
  readonly etcdCafile?: string | undefined;
  readonly etcdCertfile?: string | undefined;
  readonly etcdKeyfile?: string | undefined;
  readonly etcdUsername?: string | undefined;
  readonly etcdPassword?: string | undefined;
}

export interface EtcdParts {
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Where it tells of what it met without failing; nowhere for a command that ends at once. */
  readonly log: Logger | undefined;
  readonly onRequest?: EtcdObserver['onRequest'];
}

/** The client as the settings say; it connects at its first call. @throws {FatalError} when a TLS file cannot be used. */
export async function openEtcd(settings: EtcdSettings, parts: EtcdParts): Promise<EtcdClient> {
  const { clock, random, log, onRequest } = parts;
  const { etcdUsername: username, etcdPassword: password } = settings;
  const onNotice = (sentence: string): void => {
    log?.warn(sentence);
  };
  return new EtcdClient({
    ...placesOf(settings, random),
    tls: await openTls(settings, { clock, onNotice }),
    auth: username === undefined || password === undefined ? undefined : { username, password },
    clock,
    random,
    observer: { onNotice, onRequest },
    permissionRanges: [subnetsPrefix(settings.etcdPrefix), AGENT_PRESENCE_PREFIX, RESERVATIONS_PREFIX],
  });
}

/** Endpoints as given, or those that DNS tells. */
function placesOf(settings: EtcdSettings, random: RandomSource): Pick<EtcdClientOptions, 'endpoints' | 'discovery'> {
  const { etcdDiscoverySrv: domain, etcdCafile, etcdKeyfile, etcdEndpoints: endpoints } = settings;
  if (domain === undefined) return { endpoints };
  const discovery = discoverBySrv({
    domain,
    secureOnly: etcdCafile !== undefined || etcdKeyfile !== undefined,
    // A CA of one's own vouches for its members wherever they are; a public one for everybody.
    insideOnly: etcdCafile === undefined,
    resolve: systemResolveSrv,
    random,
  });
  return { endpoints: [], discovery };
}

async function openTls(
  { etcdCafile: ca, etcdCertfile: cert, etcdKeyfile: key }: EtcdSettings,
  parts: { readonly clock: Clock; readonly onNotice: (sentence: string) => void },
): Promise<TlsFiles> {
  try {
    return await TlsFiles.open({ paths: { ca, cert, key }, ...parts });
  } catch (error) {
    if (!(error instanceof TlsFileError)) throw error;
    throw new FatalError(error.message, { exitCode: 2, cause: error });
  }
}
