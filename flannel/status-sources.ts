import type {
  ConfigStatus,
  EtcdStatus,
  FirewallStatus,
  HostStatus,
  LeaseStatus,
  MtuStatus,
  PeerStatus,
  WatchStatus,
} from './status-wire.ts';

/** What the running parts tell of themselves: each sets its own when it exists, and is asked when somebody looks. */
export interface StatusSources {
  host?: () => HostStatus;
  lease?: () => Omit<LeaseStatus, 'problem'>;
  peers?: () => readonly PeerStatus[];
  /** What the watch knows beside being connected and its lists. */
  watch?: () => Omit<WatchStatus, 'connected' | 'resyncs'>;
  etcd?: () => Omit<EtcdStatus, 'problem'>;
  mtus?: () => MtuStatus;
  /** Which overlay the host is in: hosts with the same two reach each other. VNI 0 where the backend has none. */
  overlay?: () => { readonly backend: string; readonly vni: number };
  firewall?: () => FirewallStatus;
  config?: () => ConfigStatus;
}
