import { isCidr6, parseCidr, sameCidr, type Cidr } from '../../../native/net/ip.ts';
import { parseDotenv } from '../../model/subnet-env.ts';
import { invalidConfig } from './net-conf.ts';

/** What subnet.env tells a container's network: IPv4 before IPv6. */
export interface OverlayEnv {
  /** All of the overlay, without doubles. */
  readonly networks: readonly Cidr[];
  /** This host's part of it, one a family. */
  readonly subnets: readonly Cidr[];
  readonly mtuBytes: number;
  /** The overlay agent masquerades: nobody else need. */
  readonly ipMasq: boolean;
}

interface Family {
  readonly network: string;
  readonly subnet: string;
  readonly six: boolean;
}

const FAMILIES: readonly Family[] = [
  { network: 'FLANNEL_NETWORK', subnet: 'FLANNEL_SUBNET', six: false },
  { network: 'FLANNEL_IPV6_NETWORK', subnet: 'FLANNEL_IPV6_SUBNET', six: true },
];

function unique(networks: readonly Cidr[]): Cidr[] {
  return networks.filter((each, index) => networks.findIndex((other) => sameCidr(other, each)) === index);
}

/** A file and its values, read one by one; each fault names the file and the variable. */
class EnvFile {
  readonly #path: string;
  readonly #values: ReadonlyMap<string, string>;

  constructor(path: string, text: string) {
    this.#path = path;
    this.#values = parseDotenv(text);
  }

  get(name: string): string | undefined {
    const value = this.#values.get(name);
    return value === '' ? undefined : value;
  }

  /** @throws {CniError} */
  fail(sentence: string): never {
    throw invalidConfig(`${this.#path} ${sentence}`);
  }

  cidr(name: string, text: string, six: boolean): Cidr {
    const expected = six ? 'an IPv6 network such as fc00:5::/48' : 'an IPv4 network such as 10.5.0.0/16';
    try {
      const parsed = parseCidr(text.trim());
      if (isCidr6(parsed) === six) return parsed;
    } catch {
      // said below, with the variable
    }
    return this.fail(`has ${name}="${text}": expected ${expected}`);
  }

  mtu(text: string): number {
    const bytes = /^\d{1,5}$/.test(text) ? Number(text) : 0;
    return bytes >= 68 && bytes <= 65_535
      ? bytes
      : this.fail(`has FLANNEL_MTU="${text}": expected a number of bytes from 68 to 65535`);
  }

  flag(name: string, text: string): boolean {
    return text === 'true' || text === 'false'
      ? text === 'true'
      : this.fail(`has ${name}="${text}": expected true or false`);
  }
}

/** Reads subnet.env; `path` is for the sentences. Networks may be comma lists. @throws {CniError} code 7 */
export function parseOverlayEnv(path: string, text: string): OverlayEnv {
  const file = new EnvFile(path, text);
  const networks = FAMILIES.flatMap(({ network, six }) =>
    (file.get(network)?.split(',') ?? []).map((each) => file.cidr(network, each, six)),
  );
  const subnets = FAMILIES.flatMap(({ subnet, six }) => {
    const value = file.get(subnet);
    return value === undefined ? [] : [file.cidr(subnet, value, six)];
  });
  const mtu = file.get('FLANNEL_MTU');
  const ipMasq = file.get('FLANNEL_IPMASQ');
  const missing = [
    ...(networks.length === 0 ? ['FLANNEL_NETWORK, FLANNEL_IPV6_NETWORK'] : []),
    ...(subnets.length === 0 ? ['FLANNEL_SUBNET, FLANNEL_IPV6_SUBNET'] : []),
    ...(mtu === undefined ? ['FLANNEL_MTU'] : []),
    ...(ipMasq === undefined ? ['FLANNEL_IPMASQ'] : []),
  ];
  if (mtu === undefined || ipMasq === undefined || missing.length > 0) {
    return file.fail(`is missing ${missing.join(', ')}`);
  }
  return {
    networks: unique(networks),
    subnets,
    mtuBytes: file.mtu(mtu),
    ipMasq: file.flag('FLANNEL_IPMASQ', ipMasq),
  };
}
