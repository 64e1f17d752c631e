export interface EtcdMember {
  readonly dataDir: string;
  /** `http://ADDRESS:PORT`; the first is the one it advertises. */
  readonly clientUrls: readonly [string, ...string[]];
  /** A single member talks to nobody, but must listen somewhere. */
  readonly peerUrl: string;
}

/** The command line of a one-member etcd 3.4 or newer, such as Debian's. */
export function etcdCommand(member: EtcdMember): string[] {
  return [
    'etcd',
    '--name=weft',
    `--data-dir=${member.dataDir}`,
    `--listen-client-urls=${member.clientUrls.join(',')}`,
    `--advertise-client-urls=${member.clientUrls[0]}`,
    `--listen-peer-urls=${member.peerUrl}`,
    `--initial-advertise-peer-urls=${member.peerUrl}`,
    `--initial-cluster=weft=${member.peerUrl}`,
    '--initial-cluster-state=new',
    '--log-level=warn',
    '--logger=zap',
  ];
}

/** Whether the member behind an endpoint has a leader and answers. */
export async function etcdHealthy(endpoint: string, signal?: AbortSignal): Promise<boolean> {
  const limit = AbortSignal.timeout(1000);
  try {
    const response = await fetch(`${endpoint}/health`, {
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    });
    return response.ok && /"health"\s*:\s*"?true/.test(await response.text());
  } catch {
    signal?.throwIfAborted();
    return false; // not listening yet, or the answer took too long: both are "not healthy"
  }
}

/** Writes a key through etcd's JSON gateway, which needs no client. @throws {TypeError} when etcd does not answer. */
export async function etcdPut(endpoint: string, key: string, value: string): Promise<void> {
  const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
  const response = await fetch(`${endpoint}/v3/kv/put`, {
    method: 'POST',
    body: JSON.stringify({ key: base64(key), value: base64(value) }),
    signal: AbortSignal.timeout(5000),
  });
  if (!response.ok) throw new TypeError(`etcd refused to store ${key}: HTTP ${response.status}`);
}
