import { cidr4, formatCidr4 } from '../../native/net/cidr.ts';
import { formatIpv4 } from '../../native/net/ipv4.ts';
import type { Cluster, ClusterHost } from './cluster.ts';
import type { ContainerKeeper } from './container-keeper.ts';
import { dashboardUrl, etcdEndpoint, type DemoTokens } from './services.ts';
import type { DemoState } from './state-file.ts';

const subnetOf = ({ subnet }: ClusterHost): string =>
  formatCidr4(cidr4(subnet.gateway.address, subnet.gateway.prefixLength));

/** The page that logs a browser in by itself; what is behind `#` never reaches a server or its log. */
export function loginUrl(url: string, loginToken: string): string {
  return `${url}/login#token=${loginToken}`;
}

/** The document of `--state FILE`. */
export function stateOf(cluster: Cluster, tokens: DemoTokens): DemoState {
  const { ports } = cluster.settings;
  return {
    dashboard: { url: dashboardUrl(ports), ...tokens },
    etcd: { endpoint: etcdEndpoint(ports) },
    hosts: cluster.hosts.map((host) => ({
      name: host.plan.name,
      namespace: host.plan.name,
      underlayAddress: formatIpv4(host.plan.underlayAddress),
      subnet: subnetOf(host),
      flanneld: { pid: host.flanneld.pid, listen: host.plan.flanneldListen },
      statsd: { pid: host.statsd.pid, listen: host.plan.statsdListen },
    })),
    containers: cluster.containers.map((container) => ({
      name: container.spec.workload.name,
      host: container.spec.host.name,
      address: formatIpv4(container.spec.address),
      pid: container.pid,
      cgroup: container.cgroup,
    })),
  };
}

/** `web` on one host and the first container on the next: a pair to try the overlay with. */
function pingLine(containers: readonly ContainerKeeper[]): string {
  const [first] = containers;
  const other = containers.find(({ spec }) => spec.host !== first?.spec.host) ?? first;
  if (first?.pid === undefined || other === undefined) return '';
  return `nsenter -t ${first.pid} -n ping ${formatIpv4(other.spec.address)}`;
}

/** What a person reads when all is up: the cluster, the way in, and what to try. */
export function summaryOf(cluster: Cluster, tokens: DemoTokens): string {
  const { ports, plan } = cluster.settings;
  const hosts = cluster.hosts.map((host) => {
    const names = cluster.containers
      .filter(({ spec }) => spec.host === host.plan)
      .map(({ spec }) => spec.workload.name);
    return `  ${host.plan.name.padEnd(8)} ${formatIpv4(host.plan.underlayAddress).padEnd(15)} ${subnetOf(host).padEnd(17)} ${names.join(', ')}`;
  });
  return [
    '',
    `  host     underlay        subnet            containers`,
    ...hosts,
    '',
    `  Dashboard   ${loginUrl(dashboardUrl(ports), tokens.loginToken)}`,
    `              the token in it logs one browser in, once`,
    `  API token   ${tokens.apiToken}`,
    `  Logs        ${plan.folder}/*.log and ${plan.folder}/weft-h*/*.log`,
    '',
    '  Try         ' + pingLine(cluster.containers),
    `              ip -n weft-h1 route; bridge -n weft-h1 fdb show dev flannel.1`,
    `              ip -n weft-h1 link del flannel.1        (it comes back)`,
    `              kill -9 ${String(cluster.hosts[0]?.flanneld.pid ?? '').padEnd(32)}(so does an agent)`,
    '',
    '  The CPU wave raises an alert within a minute; its line appears here. Ctrl-C takes everything down.',
    '',
  ].join('\n');
}
