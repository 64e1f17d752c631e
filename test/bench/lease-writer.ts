import { createInterface } from 'node:readline';
import { EtcdClient } from '../../native/etcd/client.ts';
import { parseEndpoint } from '../../native/etcd/endpoint.ts';
import { systemClock } from '../../native/host/clock.ts';
import { cidr4 } from '../../native/net/cidr.ts';
import { addIpv4, parseIpv4 } from '../../native/net/ipv4.ts';
import { locallyAdministeredMac } from '../../native/net/mac.ts';
import { configKey, DEFAULT_ETCD_PREFIX, encodeLease, subnetKey, type Lease } from '../../flannel/wire.ts';

/**
 * Runs inside the namespace that etcd listens in: `node lease-writer.ts ENDPOINT`. Reads lines from stdin and answers each with
 * one JSON line: `config`, `fill FIRST COUNT` (leases without a host), `clear FIRST COUNT`, `put NUMBER MAC-BYTE`, `delete NUMBER`.
 */
const [endpoint = ''] = process.argv.slice(2);
using client = new EtcdClient({ endpoints: [parseEndpoint(endpoint)], clock: systemClock });

function leaseOf(number: number, macByte = 0): Lease {
  const mac = Uint8Array.of(2, macByte, 0, number >>> 16, (number >>> 8) & 255, number & 255);
  return {
    subnets: { ipv4: cidr4(addIpv4(parseIpv4('10.64.0.0'), number * 256), 24), ipv6: undefined },
    publicIp: addIpv4(parseIpv4('172.20.0.0'), number),
    publicIpv6: undefined,
    backend: { kind: 'vxlan', ipv4: { vni: 1, vtepMac: locallyAdministeredMac(mac) }, ipv6: undefined },
    nodeId: undefined,
  };
}

async function put(number: number, macByte: number): Promise<void> {
  const lease = leaseOf(number, macByte);
  await client.put({ key: subnetKey(DEFAULT_ETCD_PREFIX, lease.subnets), value: encodeLease(lease) });
}

async function remove(number: number): Promise<void> {
  await client.delete(subnetKey(DEFAULT_ETCD_PREFIX, leaseOf(number).subnets));
}

/** As many at once as a busy etcd is asked for. */
const AT_ONCE = 50;

async function eachOf(first: number, count: number, work: (number: number) => Promise<void>): Promise<void> {
  for (let done = 0; done < count; done += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, count - done) }, (_, index) => first + done + index);
    await Promise.all(numbers.map(work));
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const [word, ...numbers] = line.split(' ');
  const [first = 0, second = 0] = numbers.map(Number);
  const startNanos = process.hrtime.bigint();
  if (word === 'config') {
    const value = JSON.stringify({ Network: '10.64.0.0/10', Backend: { Type: 'vxlan' } });
    await client.put({ key: configKey(DEFAULT_ETCD_PREFIX), value });
  } else if (word === 'fill') {
    await eachOf(first, second, (number) => put(number, 0));
  } else if (word === 'clear') {
    await eachOf(first, second, remove);
  } else if (word === 'put') {
    await put(first, second);
  } else if (word === 'delete') {
    await remove(first);
  }
  process.stdout.write(
    `${JSON.stringify({ line, startNanos: String(startNanos), endNanos: String(process.hrtime.bigint()) })}\n`,
  );
}
