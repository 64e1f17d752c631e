import { HostFileError } from '../native/host/atomic-file.ts';
import { subnetEnvMtu } from './backends/mtus.ts';
import { writeSubnetEnv } from './io/subnet-env-file.ts';
import type { Underlay } from './model/interface-choice.ts';
import type { NetworkConfig } from './model/network-config.ts';
import type { FlannelStatus } from './status.ts';
import type { SubnetPair } from './wire.ts';

export interface RuntimeNoticeParts {
  readonly subnetFile: string;
  readonly subnets: SubnetPair;
  /** Whose number is told as MTU. */
  readonly mtuRule: 'flannel' | 'strict';
  readonly ipMasq: boolean;
  readonly status: FlannelStatus;
}

/** Tells container runtimes, by subnet.env, what they need; once, and again when the MTU changes. */
export class RuntimeNotice {
  readonly #parts: RuntimeNoticeParts;
  #mtuWritten: number | undefined;

  constructor(parts: RuntimeNoticeParts) {
    this.#parts = parts;
  }

  /** @returns whether the file says what it should; else the status tells why not, or the rules that it promises are awaited. @throws {RangeError} if the underlay is too small. */
  async update({ ipv4, ipv6, ...network }: NetworkConfig, underlay: Underlay): Promise<boolean> {
    const { subnetFile, subnets, mtuRule, ipMasq, status } = this.#parts;
    const mtu = subnetEnvMtu({ ipv4, ipv6, ...network }, underlay, mtuRule);
    status.levels.mtuBytes = mtu;
    if (this.#mtuWritten === mtu) return true;
    // Who reads the file starts containers, and a connection that was begun without the rules stays so.
    if (ipMasq && !status.facts.firewallInPlace) return false;
    try {
      await writeSubnetEnv(subnetFile, {
        ipv4: ipv4 && subnets.ipv4 && { network: ipv4.network, subnet: subnets.ipv4 },
        ipv6: ipv6 && subnets.ipv6 && { network: ipv6.network, subnet: subnets.ipv6 },
        mtu,
        ipMasq,
      });
    } catch (error) {
      if (!(error instanceof HostFileError)) throw error;
      status.subnetFile(`${error.message}; choose another with --subnet-file`);
      return false;
    }
    this.#mtuWritten = mtu;
    status.subnetFile(undefined);
    status.reached('subnetFileWritten');
    return true;
  }
}
