import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { firewallHost, runKeeper } from '../../support/firewall.ts';
import { makeNamespace, type TestNamespace } from '../../support/netns.ts';
import { until } from '../../support/until.ts';
import { intentOf } from '../../unit/flannel/firewall-builders.ts';

/** Two containers behind a host that routes, and a machine outside that knows no way back to them. */
let stack: AsyncDisposableStack;
let host: TestNamespace;
let containers: readonly TestNamespace[];
let outside: TestNamespace;

const container = (number: number): string => `10.5.72.${number + 1}`;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  host = stack.use(await makeNamespace('host'));
  outside = stack.use(await makeNamespace('out'));
  host.ip(`link add eth0 type veth peer name eth0 netns ${outside.name}`);
  host.ip('addr add 192.168.77.11/24 dev eth0');
  host.ip('link set eth0 up');
  outside.ip('addr add 192.168.77.1/24 dev eth0');
  outside.ip('link set eth0 up');
  const made: TestNamespace[] = [];
  for (const number of [1, 2]) {
    const ns = stack.use(await makeNamespace(`c${number}`));
    host.ip(`link add c${number} type veth peer name eth0 netns ${ns.name}`);
    host.ip(`link set c${number} up`);
    host.ip(`addr add 10.5.72.1/32 dev c${number}`);
    host.ip(`route add ${container(number)}/32 dev c${number}`);
    ns.ip(`addr add ${container(number)}/32 dev eth0`);
    ns.ip('link set eth0 up');
    ns.ip('route add 10.5.72.1/32 dev eth0');
    ns.ip('route add default via 10.5.72.1');
    made.push(ns);
  }
  containers = made;
  host.run('sysctl', '-qw', 'net.ipv4.ip_forward=1');
  for (const ns of [outside, ...containers]) {
    ns.run(
      'nft',
      'table ip seen { set sources { type ipv4_addr; flags dynamic; }; chain in { type filter hook input priority 0; icmp type echo-request add @sources { ip saddr }; }; }',
    );
  }
});
afterEach(() => stack.disposeAsync());

const answers = (from: TestNamespace, to: string): boolean => from.try('ping', '-c1', '-W1', to).status === 0;
const seenBy = (ns: TestNamespace): string[] =>
  [...ns.run('nft', 'list', 'set', 'ip', 'seen', 'sources').matchAll(/\d+\.\d+\.\d+\.\d+/g)].map(([text]) => text);

describe.each([
  { choice: 'nftables', iptables: 'nft' },
  { choice: 'iptables', iptables: 'nft' },
  { choice: 'iptables', iptables: 'legacy' },
] as const)('$choice ($iptables)', ({ choice, iptables }) => {
  test('what leaves the overlay is masqueraded, what stays inside is not', async () => {
    const [one, two] = containers;
    expect(answers(one!, '192.168.77.1')).toBe(false);
    using programs = firewallHost(host, iptables);
    await using running = runKeeper({ ns: host, host: programs, choice, intent: intentOf('10.5.72.0/24') });
    await until(() => running.told.inPlace, { what: 'the rules are in place' });
    expect(answers(one!, '192.168.77.1')).toBe(true);
    expect(answers(one!, container(2))).toBe(true);
    expect(seenBy(outside)).toContain('192.168.77.11');
    expect(seenBy(two!)).toEqual([container(1)]);
    outside.ip('route add 10.5.72.0/24 via 192.168.77.11');
    expect(answers(outside, container(2))).toBe(true);
    expect(seenBy(two!).sort()).toEqual([container(1), '192.168.77.1'].sort()); // keeps its source
  });

  test('a FORWARD policy of DROP is overcome where it can be, and told where not', async () => {
    const [one] = containers;
    host.run(`iptables-${iptables}`, '-P', 'FORWARD', 'DROP');
    expect(answers(one!, container(2))).toBe(false);
    using programs = firewallHost(host, iptables);
    await using running = runKeeper({ ns: host, host: programs, choice, intent: intentOf('10.5.72.0/24') });
    await until(() => running.told.inPlace, { what: 'the rules are in place' });
    if (choice === 'iptables') {
      expect(answers(one!, container(2))).toBe(true);
    } else {
      await until(() => running.told.conflict, { what: 'the conflict is told' });
      expect(answers(one!, container(2))).toBe(false);
    }
  });
});
