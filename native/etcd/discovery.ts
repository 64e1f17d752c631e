import type { SrvRecord } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import type { RandomSource } from '../host/clock.ts';
import { parseEndpoint, type EtcdEndpoint } from './endpoint.ts';
import { EtcdError } from './errors.ts';

/** Asks DNS for SRV records of a name. @throws what node:dns throws: ENOTFOUND and ENODATA when there are none. */
export type ResolveSrv = (name: string) => Promise<readonly SrvRecord[]>;

export interface SrvDiscoveryOptions {
  /** `example.com`. */
  readonly domain: string;
  /** Whether TLS is asked for: plain endpoints are not taken then. */
  readonly secureOnly: boolean;
  /** Takes only targets inside the domain: where public CAs are trusted, a forged record could lead anywhere. */
  readonly insideOnly: boolean;
  readonly resolve: ResolveSrv;
  readonly random: RandomSource;
}

/** Finds the endpoints of a cluster, at the start and when none of those known answers. */
export interface EtcdDiscovery {
  /** @throws {EtcdError} naming what was looked for. */
  find(at: { operation: string; key: string }): Promise<readonly EtcdEndpoint[]>;
}

const DNS_TIMEOUT_MS = 1_000;
const DNS_TRIES = 2;

/** The system's name servers, without the hosts file. */
export const systemResolveSrv: ResolveSrv = (name) =>
  new Resolver({ timeout: DNS_TIMEOUT_MS, tries: DNS_TRIES }).resolveSrv(name);

interface Answer {
  readonly records: readonly SrvRecord[];
  readonly problem: string | undefined;
}

const NONE: Answer = { records: [], problem: undefined };

const NO_RECORDS = new Set(['ENOTFOUND', 'ENODATA', 'ESERVFAIL']);

const codeOf = (cause: unknown): string =>
  cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : String(cause);

/** RFC 2782: lower priorities first, within one by chance as the weights say. */
export function orderRecords(records: readonly SrvRecord[], random: RandomSource): SrvRecord[] {
  const left = records.toSorted((a, b) => a.priority - b.priority || a.weight - b.weight);
  const ordered: SrvRecord[] = [];
  while (left.length > 0) {
    const { priority } = left[0] ?? { priority: 0 };
    const group = left.filter((record) => record.priority === priority);
    let draw = random() * group.reduce((sum, { weight }) => sum + weight, 0);
    const index = group.findIndex(({ weight }) => (draw -= weight) < 0);
    ordered.push(...left.splice(Math.max(0, index), 1));
  }
  return ordered;
}

function isInside(target: string, domain: string): boolean {
  const [name, zone] = [target, domain].map((text) => text.replace(/\.$/, '').toLowerCase());
  return name === zone || (name ?? '').endsWith(`.${zone ?? ''}`);
}

/**
 * `_etcd-client-ssl._tcp.DOMAIN` and `_etcd-client._tcp.DOMAIN`, as etcd's own clients look them up. Where there are encrypted
 * endpoints no other is taken.
 */
export function discoverBySrv(options: SrvDiscoveryOptions): EtcdDiscovery {
  const { domain, secureOnly, insideOnly, resolve, random } = options;
  const ask = async (service: string): Promise<Answer> => {
    const name = `${service}._tcp.${domain}`;
    try {
      return { records: await resolve(name), problem: undefined };
    } catch (cause) {
      const code = codeOf(cause);
      return {
        records: [],
        problem: NO_RECORDS.has(code) ? `there is no ${name}` : `${name} cannot be asked for (${code})`,
      };
    }
  };
  return {
    find: async (at) => {
      const [secure, plain] = await Promise.all([ask('_etcd-client-ssl'), secureOnly ? NONE : ask('_etcd-client')]);
      const isSecure = secureOnly || secure.records.length > 0;
      const records = isSecure ? secure.records : plain.records;
      const taken = records.filter(({ name }) => !insideOnly || !isSecure || isInside(name, domain));
      const endpoints = orderRecords(taken, random).map(({ name, port }) =>
        parseEndpoint(`${isSecure ? 'https' : 'http'}://${name.replace(/\.$/, '')}:${port}`),
      );
      if (endpoints.length > 0) return endpoints;
      const problems = [secure.problem, plain.problem].filter((text) => text !== undefined);
      const outside = `its targets are not inside ${domain}: give the CA file that vouches for them`;
      const reason = records.length > 0 ? outside : problems.join(', ');
      throw new EtcdError({ ...at, code: 'UNAVAILABLE', endpoint: `SRV ${domain}`, reason });
    },
  };
}
