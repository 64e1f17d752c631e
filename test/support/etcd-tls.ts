import { makeAuthority, type CertificateFiles } from './certificates.ts';

/** `server`: the CA is enough for a client. `mutual`: a client certificate is demanded too. */
export type EtcdTls = 'none' | 'server' | 'mutual';

export interface EtcdTlsFiles extends CertificateFiles {
  readonly ca: string;
}

export interface TlsPlan {
  readonly tls: EtcdTlsFiles | undefined;
  /** For each member. */
  readonly serverFlags: readonly string[];
}

/** Certificates for every member and one for clients, from one CA. */
export function makeTls(folder: string, tls: EtcdTls, addresses: readonly string[]): TlsPlan {
  if (tls === 'none') return { tls: undefined, serverFlags: [] };
  const authority = makeAuthority(folder);
  const hosts = ['DNS:localhost', 'IP:127.0.0.1', ...addresses.map((address) => `IP:${address}`)];
  const server = authority.issue({ name: 'etcd', hosts });
  const client = authority.issue({ name: 'weft-client' });
  const demand = tls === 'mutual' ? ['--client-cert-auth', `--trusted-ca-file=${authority.ca}`] : [];
  return {
    tls: { ca: authority.ca, ...client },
    serverFlags: [`--cert-file=${server.cert}`, `--key-file=${server.key}`, ...demand],
  };
}
