import type { EtcdClient } from '../../native/etcd/client.ts';
import { systemClock, systemRandom } from '../../native/host/clock.ts';
import { loadEtcdConfig, type EtcdConfig } from '../config.ts';
import { openEtcd } from '../io/etcd-client.ts';
import type { CommandInput } from './command.ts';

/** Opens etcd as the flags and the agent's environment say, for as long as the work lasts. @throws {ConfigError}; {FatalError}. */
export async function withEtcd<T>(
  input: CommandInput,
  work: (client: EtcdClient, config: EtcdConfig) => Promise<T>,
): Promise<T> {
  const config = loadEtcdConfig(input);
  using client = await openEtcd(config, { clock: systemClock, random: systemRandom, log: undefined });
  return await work(client, config);
}
