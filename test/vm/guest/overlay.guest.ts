// The backends that need kernel modules of their own, with whole agents: `wg` and `ping` are the judges.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { makeCluster, type OverlayCluster, type OverlayHost } from '../../cluster/flannel/cluster.ts';
import { until } from '../../support/until.ts';

/** Emulation is slow: what takes milliseconds elsewhere may take seconds here, and more on a busy machine. */
const PATIENCE_MS = 180_000;
const NETWORKS = { Network: '10.5.0.0/16', EnableIPv6: true, IPv6Network: 'fc00:5::/48' };
const PSK = 'AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=';

async function containerAddress(host: OverlayHost, name: 'FLANNEL_SUBNET' | 'FLANNEL_IPV6_SUBNET'): Promise<string> {
  const address = (await host.environment())[name] ?? '';
  host.ns.try('ip', 'link', 'add', 'cni0', 'type', 'bridge');
  host.ns.ip('link set cni0 up');
  host.ns.ip(`addr add ${address} dev cni0${name === 'FLANNEL_IPV6_SUBNET' ? ' nodad' : ''}`);
  return address.split('/')[0] ?? '';
}

async function reaches(from: OverlayHost, source: string, target: string): Promise<void> {
  await until(() => from.ns.try('ping', '-c', '1', '-W', '3', '-I', source, target).status === 0, {
    what: `${from.ns.name} reaches ${target}`,
    timeoutMs: PATIENCE_MS,
  });
}

interface Case {
  readonly name: string;
  readonly config: object;
  readonly families: readonly ('FLANNEL_SUBNET' | 'FLANNEL_IPV6_SUBNET')[];
  readonly mtu: string;
  readonly shows: (first: OverlayHost, second: OverlayHost) => void;
  /** Of the first host, to the second. */
  readonly routes: number;
  /** Takes something away that has to come back. */
  readonly damage: string;
}

const CASES: readonly Case[] = [
  {
    name: 'wireguard, a device for each family, with a preshared key',
    config: { ...NETWORKS, Backend: { Type: 'wireguard', PSK, PersistentKeepaliveInterval: 25 } },
    families: ['FLANNEL_SUBNET', 'FLANNEL_IPV6_SUBNET'],
    mtu: '1420',
    shows: (first, second) => {
      const shown = first.ns.run('wg', 'show', 'flannel-wg', 'dump');
      assert.match(shown, new RegExp(`${second.address}:51820`));
      assert.match(shown, new RegExp(PSK.replaceAll('+', '\\+')));
      assert.match(first.ns.run('wg', 'show', 'flannel-wg-v6', 'dump'), /fd00:77::12\]:51821/);
    },
    routes: 2,
    damage: 'wg set flannel-wg listen-port 5',
  },
  {
    name: 'wireguard, one device for both',
    config: { ...NETWORKS, Backend: { Type: 'wireguard', Mode: 'auto' } },
    families: ['FLANNEL_SUBNET', 'FLANNEL_IPV6_SUBNET'],
    mtu: '1420',
    shows: (first, second) => {
      const shown = first.ns.run('wg', 'show', 'flannel-wg', 'dump');
      assert.match(shown, new RegExp(`${second.address}:51820.*10\\.5\\.\\d+\\.0/24,fc00:5:`));
    },
    routes: 2,
    damage: 'ip link del flannel-wg',
  },
  {
    name: 'ipip',
    config: { Network: '10.5.0.0/16', Backend: { Type: 'ipip' } },
    families: ['FLANNEL_SUBNET'],
    mtu: '1480',
    shows: (first, second) => {
      assert.match(first.ns.ip('route show'), new RegExp(`via ${second.address} dev flannel.ipip onlink`));
    },
    routes: 1,
    damage: 'ip link del flannel.ipip',
  },
];

for (const { name, config, families, mtu, shows, routes, damage } of CASES) {
  void describe(name, () => {
    let cluster: OverlayCluster;
    let hosts: readonly [OverlayHost, OverlayHost];

    before(async () => {
      cluster = await makeCluster({ hosts: 2, readyWithinMs: PATIENCE_MS });
      cluster.configure(config);
      hosts = [cluster.hosts[0]!, cluster.hosts[1]!];
      for (const host of hosts) {
        host.ns.run('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
        // Under emulation every program that is run costs; nobody drops anything here.
        await host.ready('--resync=2s', '--iptables-forward-rules=false');
      }
    });

    after(async () => {
      await cluster[Symbol.asyncDispose]();
    });

    void test(`${name}: containers reach each other, also after damage`, async () => {
      const [first, second] = hosts;
      const pairs: [string, string][] = [];
      for (const family of families) {
        pairs.push([await containerAddress(first, family), await containerAddress(second, family)]);
      }
      for (const [here, there] of pairs) await reaches(first, here, there);
      shows(first, second);
      assert.equal((await first.environment())['FLANNEL_MTU'], mtu);
      first.ns.run(...damage.split(' '));
      await until(
        () => {
          try {
            shows(first, second);
            return true;
          } catch {
            return false;
          }
        },
        { what: 'everything is back', timeoutMs: PATIENCE_MS },
      );
      for (const [here, there] of pairs) await reaches(first, here, there);
      assert.equal(await first.metric('weft_flannel_routes'), routes);
    });
  });
}
