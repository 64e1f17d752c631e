import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { innerMtu, outerMtu } from '../../../../flannel/model/mtu.ts';
import { parseDotenv, previousSubnets, renderSubnetEnv } from '../../../../flannel/model/subnet-env.ts';
import { subnetsText } from '../../../../flannel/model/lease-text.ts';
import { parseCidr4 } from '../../../../native/net/cidr.ts';
import { parseCidr6 } from '../../../../native/net/ipv6.ts';
import { packageRoot } from '../../../../native/host/package-root.ts';

describe('subnet.env', () => {
  const recorded = readFileSync(
    join(packageRoot(), 'test/fixtures/flannel/R01-v0.20.2-vxlan-masq/h1/subnet.env'),
    'utf8',
  );

  test('is what flanneld writes', () => {
    const network = parseCidr4('10.5.0.0/16');
    const subnet = parseCidr4('10.5.89.0/24');
    expect(
      renderSubnetEnv({ ipv4: { network, subnet }, ipv6: undefined, mtu: innerMtu(outerMtu(1500)), ipMasq: true }),
    ).toBe(recorded);
  });

  test('of two families is what flanneld writes, and read again', () => {
    const folder = join(packageRoot(), 'test/fixtures/flannel/R05-v0.20.2-dualstack-vxlan-masq/h1');
    const dual = readFileSync(join(folder, 'subnet.env'), 'utf8');
    const subnets = previousSubnets(dual);
    const ipv4 = { network: parseCidr4('10.5.0.0/16'), subnet: subnets!.ipv4! };
    const ipv6 = { network: parseCidr6('fc00:5::/48'), subnet: subnets!.ipv6! };
    expect(renderSubnetEnv({ ipv4, ipv6, mtu: innerMtu(outerMtu(1500)), ipMasq: true })).toBe(dual);
  });

  test.each([
    { name: 'of one family', text: recorded, want: '10.5.89.0/24' },
    { name: 'of IPv6 alone', text: 'FLANNEL_IPV6_SUBNET=fc00:5:0:38::1/64\n', want: 'fc00:5:0:38::/64' },
    {
      name: 'of which one is damaged',
      text: 'FLANNEL_SUBNET=10.5.1.1/24\nFLANNEL_IPV6_SUBNET=fc00::/64,fc01::/64\n',
      want: '10.5.1.0/24',
    },
  ])('tells the subnets of the run before, $name', ({ text, want }) => {
    const subnets = previousSubnets(text);
    expect(subnets && subnetsText(subnets)).toBe(want);
  });

  test.each([
    { name: 'missing', text: 'FLANNEL_MTU=1450\n' },
    { name: 'empty', text: 'FLANNEL_SUBNET=\n' },
    { name: 'two subnets', text: 'FLANNEL_SUBNET=10.5.1.1/24,10.6.1.1/24\n' },
    { name: 'damaged', text: 'FLANNEL_SUBNET=10.5.1.1/2' + '\u0000' },
  ])('$name: no wish', ({ text }) => {
    expect(previousSubnets(text)).toBeUndefined();
  });

  test('is read by the rules of dotenv', () => {
    const text = `# comment\nexport A=1\n B = two words # note\nC='x # y'\nD="q"\r\nE: 5\nnonsense\n`;
    expect(Object.fromEntries(parseDotenv(text))).toEqual({ A: '1', B: 'two words', C: 'x # y', D: 'q', E: '5' });
  });
});
