import { expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { makeCluster, SUBNETS } from './cluster.ts';

const HOSTS = 20;

test(`${HOSTS} agents that start at once in a range of ${HOSTS} end with ${HOSTS} subnets`, async () => {
  await using cluster = await makeCluster({ hosts: HOSTS });
  cluster.configure({
    Network: '10.5.0.0/16',
    SubnetMin: '10.5.1.0',
    SubnetMax: `10.5.${HOSTS}.0`,
    Backend: { Type: 'vxlan' },
  });
  await Promise.all(cluster.hosts.map((host) => host.start()));
  await until(() => cluster.keys(SUBNETS).size === HOSTS, {
    what: 'all subnets are leased',
    timeoutMs: 60_000,
    everyMs: 200,
  });
  const [first] = cluster.hosts;
  await until(
    () =>
      first!.ns
        .ip('route show')
        .split('\n')
        .filter((line) => line.includes('flannel.1')).length ===
      HOSTS - 1,
    {
      what: 'a route to every other host',
      timeoutMs: 30_000,
      everyMs: 100,
    },
  );
  const owners = [...cluster.keys(SUBNETS).values()].map((value) => /"PublicIP":"([^"]*)"/.exec(value)?.[1]);
  expect(new Set(owners)).toEqual(new Set(cluster.hosts.map(({ address }) => address)));
});
