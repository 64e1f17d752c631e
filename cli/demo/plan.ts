import { addIpv4, formatIpv4, type Ipv4 } from '../../native/net/ipv4.ts';
import type { DemoNetworks } from './address-choice.ts';

/** Everything that outlives a moment is below here, and below {@link CGROUP_PARENT}, and nowhere else. */
export const DEMO_FOLDER = '/var/lib/weft-demo';
export const CGROUP_PARENT = '/weft-demo';
/** The one interface in the machine's own namespace. */
export const MACHINE_LINK = 'weft-demo0';
export const FABRIC_NAMESPACE = 'weft-fabric';
export const FABRIC_BRIDGE = 'fabric0';
/** The bridge on each host that its containers hang on. */
export const CONTAINER_BRIDGE = 'weft0';

const FLANNELD_STATUS_PORT = 9100;
const STATSD_PORT = 9101;

export interface HostPlan {
  /** Host name and namespace: `weft-h1`. */
  readonly name: string;
  /** From 1. */
  readonly number: number;
  readonly underlayAddress: Ipv4;
  readonly folder: string;
  readonly subnetFile: string;
  /** Where its containers' cgroups are, below every cgroup mount. */
  readonly cgroup: string;
  /** The OCI runtime's `--root` for this host's containers. */
  readonly runtimeRoot: string;
  readonly flanneldListen: string;
  readonly statsdListen: string;
}

export interface ClusterPlan extends DemoNetworks {
  readonly folder: string;
  /** The machine's address in the underlay, where etcd and the relay listen. */
  readonly machineAddress: Ipv4;
  readonly hosts: readonly HostPlan[];
}

/** Names, addresses and paths of a demo cluster. Host number i has the underlay's address 10 + i, the machine its 254. */
export function planCluster(hosts: number, networks: DemoNetworks, folder: string = DEMO_FOLDER): ClusterPlan {
  const at = (offset: number): Ipv4 => addIpv4(networks.underlay.address, offset);
  return {
    ...networks,
    folder,
    machineAddress: at(254),
    hosts: Array.from({ length: hosts }, (_, index): HostPlan => {
      const name = `weft-h${index + 1}`;
      const underlayAddress = at(11 + index);
      return {
        name,
        number: index + 1,
        underlayAddress,
        folder: `${folder}/${name}`,
        subnetFile: `${folder}/${name}/subnet.env`,
        cgroup: `${CGROUP_PARENT}/${name}`,
        runtimeRoot: `${folder}/${name}/runtime`,
        flanneldListen: `${formatIpv4(underlayAddress)}:${FLANNELD_STATUS_PORT}`,
        statsdListen: `${formatIpv4(underlayAddress)}:${STATSD_PORT}`,
      };
    }),
  };
}

/** Every namespace of a plan, the fabric first. */
export function namespacesOf(plan: ClusterPlan): string[] {
  return [FABRIC_NAMESPACE, ...plan.hosts.map((host) => host.name)];
}
