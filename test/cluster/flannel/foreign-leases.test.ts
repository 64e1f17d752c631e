import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { makeCluster, SUBNETS, type OverlayCluster, type OverlayHost } from './cluster.ts';

let cluster: OverlayCluster;
let host: OverlayHost;

beforeAll(async () => {
  cluster = await makeCluster({ hosts: 1 });
  [host] = cluster.hosts as [OverlayHost];
  cluster.configure({ Network: '10.5.0.0/16', Backend: { Type: 'vxlan' } });
  await host.ready();
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

function put(name: string, number: number, mac = `02:00:00:00:07:0${number}`): void {
  const data = { VNI: 1, VtepMAC: mac };
  const value = { PublicIP: `192.168.77.20${number}`, BackendType: 'vxlan', BackendData: data };
  cluster.ctl('put', `${SUBNETS}${name}`, JSON.stringify(value));
}

const kernel = (): string =>
  host.ns.run('sh', '-c', 'ip route; ip neigh show nud permanent; bridge fdb show dev flannel.1');

// A key that a person mistyped could lead all hosts' packets, those to etcd among them, into the overlay, where nobody is.
test('a lease outside the Network is told and takes no packet', async () => {
  const before = kernel();
  for (const [index, name] of ['8.8.8.0-24', '192.0.0.0-2', '10.4.0.0-15'].entries()) put(name, index);
  put('10.5.200.0-24', 9);
  await until(() => host.ns.ip('route show').includes('10.5.200.0/24'), { what: 'the lease inside is programmed' });
  cluster.ctl('del', `${SUBNETS}10.5.200.0-24`);
  await until(() => kernel() === before, { what: 'nothing is left' });
  expect(await host.metric('weft_flannel_contradicting_leases')).toBe(3);
  const told = "8.8.8.0/24 lies outside this host's Network 10.5.0.0/16 and is not routed";
  await until(() => JSON.stringify(host.agent().logs()).includes(told), { what: 'the log tells' });
});

test('a lease with a VTEP MAC that no host can have is told, and nothing is written for it', async () => {
  const before = kernel();
  const told = await host.metric('weft_flannel_contradicting_leases');
  const macs = ['00:00:00:00:00:00', '01:00:5e:00:00:01', 'ff:ff:ff:ff:ff:ff'];
  for (const [index, mac] of macs.entries()) put(`10.5.${210 + index}.0-24`, index, mac);
  put('10.5.220.0-24', 9);
  await until(() => host.ns.ip('route show').includes('10.5.220.0/24'), { what: 'the lease after them is programmed' });
  expect(
    kernel()
      .split('\n')
      .filter((line) => /10\.5\.21\d\./.test(line)),
  ).toEqual([]);
  cluster.ctl('del', `${SUBNETS}10.5.220.0-24`);
  await until(() => kernel() === before, { what: 'nothing is left' });
  expect(await host.metric('weft_flannel_contradicting_leases')).toBe(told + 3);
  const reason = '10.5.210.0/24 has the VTEP MAC 00:00:00:00:00:00, which no host can have';
  await until(() => JSON.stringify(host.agent().logs()).includes(reason), { what: 'the log tells' });
});
