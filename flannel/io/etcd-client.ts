import { readFile } from 'node:fs/promises';
import { EtcdClient } from '../../native/etcd/client.ts';
import type { EtcdEndpoint } from '../../native/etcd/endpoint.ts';
import type { Clock } from '../../native/host/clock.ts';
import { FatalError } from '../../native/host/lifecycle.ts';

/** The settings that concern etcd. */
export interface EtcdSettings {
  readonly etcdEndpoints: readonly EtcdEndpoint[];
  readonly etcdCafile?: string | undefined;
  readonly etcdCertfile?: string | undefined;
  readonly etcdKeyfile?: string | undefined;
  readonly etcdUsername?: string | undefined;
  readonly etcdPassword?: string | undefined;
}

async function readTlsFile(path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FatalError(`cannot read the etcd TLS file ${path}: ${why}`, { exitCode: 2, cause });
  }
}

/** The client as the settings say; it connects at its first call. @throws {FatalError} when a TLS file cannot be used. */
export async function openEtcd(settings: EtcdSettings, { clock }: { readonly clock: Clock }): Promise<EtcdClient> {
  const { etcdUsername: username, etcdPassword: password } = settings;
  return new EtcdClient({
    endpoints: settings.etcdEndpoints,
    tls: {
      ca: await readTlsFile(settings.etcdCafile),
      cert: await readTlsFile(settings.etcdCertfile),
      key: await readTlsFile(settings.etcdKeyfile),
    },
    ...(username !== undefined && password !== undefined ? { auth: { username, password } } : {}),
    clock,
  });
}
