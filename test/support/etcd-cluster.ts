/**
 * A real etcd of one or three members, each in a namespace of its own on the bridge of an underlay, to be broken in every way:
 *
 *     await using underlay = await makeUnderlay({ hosts: 2 });
 *     await using etcd = await startEtcdCluster({ fabric: underlay.fabric, tls: 'mutual', auth: true });
 *     etcd.ctl('put', '/coreos.com/network/config', '…');          // as root, at the members that run
 *     startWeft(['flanneld', ...etcd.agentFlags()], { namespace: underlay.hosts[0].namespace.name });
 *     const leader = await etcd.leader();                          // one that runs, seen as the leader by itself
 *     await leader.kill();      await leader.start();              // kill -9, back on its old data
 *     leader.pause();           leader.resume();                   // SIGSTOP, SIGCONT
 *     leader.unplug();          leader.plug();                     // from everybody
 *     etcd.separate(leader);    etcd.rejoin(leader);               // from the other members only: clients still reach it
 *     const file = etcd.snapshot();
 *     await etcd.restore(file); await etcd.wipe();                 // the same cluster id; { identity: 'other' } gives another
 *
 * Member i has 192.168.77.(200+i) and listens on 2379; it keeps its data in a temporary folder. Everything ends with the scope.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attach, Member, METRICS, type EtcdClusterMember, type MemberPlan } from './etcd-member.ts';
import { makeTls, type EtcdTls, type EtcdTlsFiles, type TlsPlan } from './etcd-tls.ts';
import { GRANTS, grantWords, ROOT, USER, type EtcdUser } from './etcd-users.ts';
import { makeNamespace, run, type TestNamespace } from './netns.ts';
import { until } from './until.ts';

export interface EtcdClusterOptions {
  /** The namespace that holds `br0` (`makeUnderlay().fabric`). */
  readonly fabric: TestNamespace;
  readonly members?: 1 | 3;
  /** Default `none`. */
  readonly tls?: EtcdTls;
  /** Users: root and `weft` with the least rights (see {@link GRANTS}). */
  readonly auth?: boolean;
  /** More flags for every member: `--quota-backend-bytes=…`. */
  readonly flags?: readonly string[];
}

export interface EtcdCluster extends AsyncDisposable {
  readonly members: readonly EtcdClusterMember[];
  /** Comma-separated. */
  readonly endpoints: string;
  /** Files of this run: certificates, snapshots. */
  readonly folder: string;
  /** Undefined without TLS. The client certificate is there in both ways of TLS. */
  readonly tls: EtcdTlsFiles | undefined;
  /** With the least rights; undefined without `auth`. */
  readonly user: EtcdUser | undefined;
  /** `--etcd-endpoints=…` and the flags for TLS and user. */
  agentFlags(): string[];
  /** `etcdctl` as root, asked of the members that are up. */
  ctl(...words: string[]): string;
  /** The one that leads now, of those that are up. */
  leader(): Promise<EtcdClusterMember>;
  followers(): Promise<readonly EtcdClusterMember[]>;
  /** Cuts a member from the other members; its clients keep it. */
  separate(member: EtcdClusterMember): void;
  rejoin(member: EtcdClusterMember): void;
  /** Path of a new snapshot. */
  snapshot(): string;
  /** All members start anew with what the snapshot holds. */
  restore(snapshot: string, how?: NewStore): Promise<void>;
  /** All members start anew with nothing, users included. */
  wipe(how?: NewStore): Promise<void>;
  /** Makes the users again after a wipe. */
  enableAuth(): void;
}

/** `other` gives the store another cluster id. */
export interface NewStore {
  readonly identity: 'same' | 'other';
}

const CLIENT_PORT = 2379;
const PEER_PORT = 2380;
/** A MAC that nobody has. */
const NOWHERE = '02:00:00:00:00:fe';

interface ClusterPlan extends TlsPlan {
  readonly options: EtcdClusterOptions;
  readonly folder: string;
  readonly plans: readonly MemberPlan[];
}

function memberCommand({ options, plans, serverFlags }: ClusterPlan, plan: MemberPlan, token: string): string[] {
  return [
    'etcd',
    `--name=${plan.name}`,
    `--data-dir=${plan.dataDir}`,
    '--unsafe-no-fsync',
    `--listen-client-urls=${plan.endpoint}`,
    `--advertise-client-urls=${plan.endpoint}`,
    `--listen-peer-urls=${plan.peerUrl}`,
    `--initial-advertise-peer-urls=${plan.peerUrl}`,
    `--initial-cluster=${initialCluster(plans)}`,
    `--initial-cluster-token=${token}`,
    '--initial-cluster-state=new',
    `--listen-metrics-urls=${METRICS}`,
    '--logger=zap',
    '--log-level=warn',
    ...serverFlags,
    ...(options.flags ?? []),
  ];
}

const initialCluster = (plans: readonly MemberPlan[]): string =>
  plans.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');

class Cluster implements EtcdCluster {
  readonly members: readonly Member[];
  readonly #plan: ClusterPlan;
  #token = 'weft-test-1';
  #snapshots = 0;
  #authEnabled = false;

  constructor(plan: ClusterPlan) {
    this.#plan = plan;
    this.members = plan.plans.map(
      (member) => new Member(member, plan.options.fabric, () => memberCommand(plan, member, this.#token)),
    );
  }

  get endpoints(): string {
    return this.members.map(({ endpoint }) => endpoint).join(',');
  }

  get folder(): string {
    return this.#plan.folder;
  }

  get tls(): EtcdTlsFiles | undefined {
    return this.#plan.tls;
  }

  get user(): EtcdUser | undefined {
    return this.#plan.options.auth === true ? USER : undefined;
  }

  agentFlags(): string[] {
    const { tls, user } = this;
    const mutual = this.#plan.options.tls === 'mutual';
    return [
      `--etcd-endpoints=${this.endpoints}`,
      ...(tls === undefined ? [] : [`--etcd-cafile=${tls.ca}`]),
      ...(tls === undefined || !mutual ? [] : [`--etcd-certfile=${tls.cert}`, `--etcd-keyfile=${tls.key}`]),
      ...(user === undefined ? [] : [`--etcd-username=${user.name}`, `--etcd-password=${user.password}`]),
    ];
  }

  ctl(...words: string[]): string {
    return this.#ctlAt(
      this.members.filter((member) => member.isUp()),
      words,
    );
  }

  async leader(): Promise<Member> {
    return until(
      async () => {
        for (const member of this.members) {
          if (await member.leads()) return member;
        }
        return undefined;
      },
      { what: 'a leader', timeoutMs: 20_000, everyMs: 100 },
    );
  }

  async followers(): Promise<readonly Member[]> {
    const leader = await this.leader();
    return this.members.filter((member) => member !== leader);
  }

  separate(member: EtcdClusterMember): void {
    this.#eachPair(member, (from, to) => {
      from.namespace.ip(`neigh replace ${to.address} lladdr ${NOWHERE} dev eth0 nud permanent`);
    });
  }

  rejoin(member: EtcdClusterMember): void {
    this.#eachPair(member, (from, to) => {
      from.namespace.ip(`neigh del ${to.address} dev eth0`);
    });
  }

  snapshot(): string {
    const path = join(this.folder, `snapshot-${this.#snapshots++}.db`);
    this.#ctlAt(this.members.filter((member) => member.isUp()).slice(0, 1), ['snapshot', 'save', path]);
    return path;
  }

  async restore(snapshot: string, how: NewStore = { identity: 'same' }): Promise<void> {
    await this.#startAnew(how, (plan) => {
      const flags = [
        `--name=${plan.name}`,
        `--data-dir=${plan.dataDir}`,
        `--initial-cluster=${initialCluster(this.#plan.plans)}`,
        `--initial-cluster-token=${this.#token}`,
        `--initial-advertise-peer-urls=${plan.peerUrl}`,
      ];
      run('env', 'ETCDCTL_API=3', 'etcdctl', 'snapshot', 'restore', snapshot, ...flags);
    });
  }

  async wipe(how: NewStore = { identity: 'same' }): Promise<void> {
    this.#authEnabled = false;
    await this.#startAnew(how, () => undefined);
  }

  enableAuth(): void {
    this.ctl('user', 'add', `${ROOT.name}:${ROOT.password}`);
    this.ctl('user', 'grant-role', ROOT.name, 'root');
    this.ctl('role', 'add', USER.name);
    for (const grant of GRANTS) this.ctl(...grantWords(grant));
    this.ctl('user', 'add', `${USER.name}:${USER.password}`);
    this.ctl('user', 'grant-role', USER.name, USER.name);
    this.ctl('auth', 'enable');
    this.#authEnabled = true;
  }

  async startAll(): Promise<void> {
    await Promise.all(this.members.map((member) => member.start({ alone: true })));
    await Promise.all(this.members.map((member) => member.healthy()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.members.map((member) => member.dispose()));
  }

  #ctlAt(members: readonly Member[], words: readonly string[]): string {
    const { tls } = this;
    const up = members.map(({ endpoint }) => endpoint);
    const flags = tls === undefined ? [] : ['--cacert', tls.ca, '--cert', tls.cert, '--key', tls.key];
    const login = this.#authEnabled ? ['--user', `${ROOT.name}:${ROOT.password}`] : [];
    const command = ['env', 'ETCDCTL_API=3', 'etcdctl', '--endpoints', up.join(','), ...flags, ...login, ...words];
    return this.#plan.options.fabric.run(...command);
  }

  async #startAnew(how: NewStore, prepare: (plan: MemberPlan) => void): Promise<void> {
    if (how.identity === 'other') this.#token = `${this.#token}-other`;
    await Promise.all(this.members.map((member) => member.kill()));
    for (const { plan } of this.members) {
      await rm(plan.dataDir, { recursive: true, force: true });
      prepare(plan);
    }
    await this.startAll();
  }

  #eachPair(member: EtcdClusterMember, act: (from: EtcdClusterMember, to: EtcdClusterMember) => void): void {
    for (const other of this.members) {
      if (other === member) continue;
      act(member, other);
      act(other, member);
    }
  }
}

/** Starts the members and waits until all are healthy; see the top of this file. */
export async function startEtcdCluster(options: EtcdClusterOptions): Promise<EtcdCluster> {
  const stack = new AsyncDisposableStack();
  try {
    const folder = await mkdtemp(join(tmpdir(), 'weft-test-etcd-'));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const count = options.members ?? 3;
    const scheme = (options.tls ?? 'none') === 'none' ? 'http' : 'https';
    const plans: MemberPlan[] = [];
    for (let number = 1; number <= count; number += 1) {
      const namespace = stack.use(await makeNamespace(`e${number}`));
      const address = `192.168.77.${200 + number}`;
      const plan = {
        name: `e${number}`,
        namespace,
        address,
        endpoint: `${scheme}://${address}:${CLIENT_PORT}`,
        peerUrl: `http://${address}:${PEER_PORT}`,
        port: `e${number}`,
        dataDir: join(folder, `e${number}.data`),
      };
      attach(options.fabric, plan);
      plans.push(plan);
    }
    const tls = makeTls(
      folder,
      options.tls ?? 'none',
      plans.map(({ address }) => address),
    );
    const cluster = stack.use(new Cluster({ options, folder, plans, ...tls }));
    await cluster.startAll();
    if (options.auth === true) cluster.enableAuth();
    const owned = stack.move();
    return Object.assign(cluster, { [Symbol.asyncDispose]: () => owned.disposeAsync() });
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
