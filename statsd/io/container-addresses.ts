import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { formatIpv6, ipv6FromBytes, parseIpv6 } from '../../native/net/ipv6.ts';
import { netnsInodeOf } from './network-table.ts';

export interface KnownNamespace {
  readonly inode: number;
  /** Of one of its processes. */
  readonly pid: number;
}

/** One spelling for each address: IPv4 as such where a socket of IPv6 received it, and without the interface of a link-local one. */
export function plainAddress(address: string): string {
  const text = address.split('%', 1)[0] ?? '';
  if (!text.includes(':')) return text;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text)?.[1];
  try {
    return mapped ?? formatIpv6(parseIpv6(text));
  } catch {
    return text;
  }
}

/** The addresses that `/proc/PID/net/fib_trie` calls local, without loopback. */
export function localAddresses(fibTrie: string): string[] {
  const found = new Set<string>();
  let address: string | undefined;
  for (const line of fibTrie.split('\n')) {
    address = /\|-- (\d+\.\d+\.\d+\.\d+)$/.exec(line)?.[1] ?? address;
    if (line.includes('/32 host LOCAL') && address?.startsWith('127.') === false) found.add(address);
  }
  return [...found];
}

/** The addresses in `/proc/PID/net/if_inet6`, without loopback and what is of one link only: that is no one's alone. */
export function inet6Addresses(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const [, digits = '', scope] = /^([0-9a-f]{32}) [0-9a-f]+ [0-9a-f]+ ([0-9a-f]+) /.exec(line) ?? [];
    return scope === '00' ? [formatIpv6(ipv6FromBytes(Buffer.from(digits, 'hex')))] : [];
  });
}

/** Which network namespace has which address. Looked up on demand: nothing of a namespace is held open. */
export class ContainerAddresses {
  readonly #procfs: string;
  /** `undefined` for an address that several have: nobody can tell which one sent. */
  #inodes = new Map<string, number | undefined>();
  #host: ReadonlySet<string> = new Set();

  constructor(procfs: string) {
    this.#procfs = procfs;
  }

  /** The inode of the one namespace that has an address. */
  inodeOf(address: string): number | undefined {
    return this.#inodes.get(address);
  }

  /** Whether it was the host's own at the last refresh: loopback, or of one of its interfaces. */
  isHost(address: string): boolean {
    return this.#host.has(address) || address.startsWith('127.');
  }

  /** Reads the addresses of all namespaces anew. */
  async refresh(namespaces: Iterable<KnownNamespace>): Promise<void> {
    const inodes = new Map<string, number | undefined>();
    for (const namespace of namespaces)
      for (const address of await this.#addressesOf(namespace))
        inodes.set(address, inodes.has(address) ? undefined : namespace.inode);
    this.#inodes = inodes;
    const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    this.#host = new Set(own.map(({ address }) => plainAddress(address)));
  }

  async #addressesOf({ inode, pid }: KnownNamespace): Promise<string[]> {
    const read = (name: string): Promise<string> =>
      readFile(`${this.#procfs}/${pid}/net/${name}`, 'utf8').catch(() => '');
    const found = [...localAddresses(await read('fib_trie')), ...inet6Addresses(await read('if_inet6'))];
    // A pid that was given out again has another namespace.
    return netnsInodeOf(this.#procfs, pid) === inode ? found : [];
  }
}
