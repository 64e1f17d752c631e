import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatIpv4 } from '../../native/net/ipv4.ts';
import { packageRoot } from '../../native/host/package-root.ts';
import { etcdCommand, etcdHealthy } from './etcd.ts';
import { inNamespace } from './namespaces.ts';
import type { ClusterPlan, HostPlan } from './plan.ts';
import { httpReady, type ServiceSpec } from './service.ts';

/** Ports that were free when the demo began. */
export interface DemoPorts {
  readonly etcdClient: number;
  readonly etcdPeer: number;
  readonly dashboard: number;
}

export interface DemoTokens {
  /** Logs one browser in, once. */
  readonly loginToken: string;
  readonly apiToken: string;
}

const weft = (): string => join(packageRoot(), 'cli', 'weft');

/** On the machine, as the dashboard and the state file see it. */
export function etcdEndpoint(ports: DemoPorts): string {
  return `http://127.0.0.1:${ports.etcdClient}`;
}

/** In the underlay, as the hosts see it. */
function fabricEndpoint(plan: ClusterPlan, ports: DemoPorts): string {
  return `http://${formatIpv4(plan.machineAddress)}:${ports.etcdClient}`;
}

export function dashboardUrl(ports: DemoPorts): string {
  return `http://127.0.0.1:${ports.dashboard}`;
}

export function dashboardFolder(plan: ClusterPlan): string {
  return `${plan.folder}/dashboard`;
}

export function rulesFile(plan: ClusterPlan): string {
  return `${plan.folder}/rules.yaml`;
}

/** @throws ENOENT while the dashboard has not made them. */
export async function readTokens(plan: ClusterPlan): Promise<DemoTokens> {
  const read = async (name: string): Promise<string> =>
    (await readFile(`${dashboardFolder(plan)}/${name}`, 'utf8')).trim();
  const [loginToken, apiToken] = await Promise.all([read('admin-token'), read('api-token')]);
  return { loginToken, apiToken };
}

export function etcdService(plan: ClusterPlan, ports: DemoPorts): ServiceSpec {
  return {
    name: 'etcd',
    argv: etcdCommand({
      dataDir: `${plan.folder}/etcd`,
      clientUrls: [fabricEndpoint(plan, ports), etcdEndpoint(ports)],
      peerUrl: `http://127.0.0.1:${ports.etcdPeer}`,
    }),
    logFile: `${plan.folder}/etcd.log`,
    ready: (signal) => etcdHealthy(etcdEndpoint(ports), signal),
  };
}

export function dashboardService(plan: ClusterPlan, ports: DemoPorts, webhooks: readonly string[]): ServiceSpec {
  return {
    name: 'dashboard',
    argv: [
      weft(),
      'dashboard',
      `--listen=127.0.0.1:${ports.dashboard}`,
      `--public-url=${dashboardUrl(ports)}`,
      `--data-dir=${dashboardFolder(plan)}`,
      `--etcd-endpoints=${etcdEndpoint(ports)}`,
      `--rules=${rulesFile(plan)}`,
      '--group-wait=0s',
      '--group-interval=2s',
      ...webhooks.map((url) => `--webhook=${url}`),
    ],
    logFile: `${plan.folder}/dashboard.log`,
    ready: (signal) => httpReady(`${dashboardUrl(ports)}/readyz`, signal),
  };
}

export function flanneldService(plan: ClusterPlan, host: HostPlan, ports: DemoPorts): ServiceSpec {
  const [address = '', port = ''] = host.flanneldListen.split(':');
  const argv = [
    weft(),
    'flanneld',
    `--etcd-endpoints=${fabricEndpoint(plan, ports)}`,
    '--iface=eth0',
    // Nobody drops anything in these namespaces, and the machine may have neither nft nor iptables.
    '--iptables-forward-rules=false',
    `--subnet-file=${host.subnetFile}`,
    `--state-dir=${host.folder}/state`,
    `--status-socket=${host.folder}/flannel.sock`,
    `--healthz-ip=${address}`,
    `--healthz-port=${port}`,
  ];
  return {
    name: `${host.name} flanneld`,
    argv: inNamespace(host.name, argv),
    logFile: `${host.folder}/flanneld.log`,
    ready: (signal) => httpReady(`http://${host.flanneldListen}/readyz`, signal),
  };
}

/** @param relay `ADDRESS:PORT` in the underlay behind which the dashboard is. */
export function statsdService(plan: ClusterPlan, host: HostPlan, relay: string): ServiceSpec {
  const argv = [
    weft(),
    'statsd',
    `--hostname=${host.name}`,
    `--state-dir=${host.folder}/state`,
    `--listen=${host.statsdListen}`,
    `--dashboard=http://${relay}`,
    `--agent-token-file=${dashboardFolder(plan)}/agent-token`,
    `--cgroup-root=${host.cgroup}`,
    `--runc-root=${host.runtimeRoot}`,
  ];
  return {
    name: `${host.name} statsd`,
    argv: inNamespace(host.name, argv),
    logFile: `${host.folder}/statsd.log`,
    ready: (signal) => httpReady(`http://${host.statsdListen}/readyz`, signal),
  };
}
