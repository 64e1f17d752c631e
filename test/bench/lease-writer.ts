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
 * one JSON line: `config`, `fill FIRST COUNT` (leases without a host), `put NUMBER MAC-BYTE`, `delete NUMBER`.
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

for await (const line of createInterface({ input: process.stdin })) {
  const [word, ...numbers] = line.split(' ');
  const [first = 0, second = 0] = numbers.map(Number);
  const startNanos = process.hrtime.bigint();
  if (word === 'config') {
    const value = JSON.stringify({ Network: '10.64.0.0/10', Backend: { Type: 'vxlan' } });
    await client.put({ key: configKey(DEFAULT_ETCD_PREFIX), value });
  } else if (word === 'fill') {
    for (let number = first; number < first + second; number += 50) {
      const numbersOfBatch = Array.from(
        { length: Math.min(50, first + second - number) },
        (_, index) => number + index,
      );
      await Promise.all(numbersOfBatch.map((each) => put(each, 0)));
    }
  } else if (word === 'put') {
    await put(first, second);
  } else if (word === 'delete') {
    await client.delete(subnetKey(DEFAULT_ETCD_PREFIX, leaseOf(first).subnets));
  }
  process.stdout.write(`${JSON.stringify({ line, startNanos: String(startNanos) })}\n`);
}
