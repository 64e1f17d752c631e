import { LeaseStore } from '../../../flannel/io/lease-store.ts';
import { ReservationStore } from '../../../flannel/io/reservation-store.ts';
import { LeaseKeeper } from '../../../flannel/lease-keeper.ts';
import { foldLeases, type KnownLease } from '../../../flannel/model/lease.ts';
import type { LeaseEvent } from '../../../flannel/model/lease-event.ts';
import { subnetsText } from '../../../flannel/model/lease-text.ts';
import { parseNetworkConfig } from '../../../flannel/model/network-config.ts';
import { decodeLease, encodeLease, subnetKey, type Lease } from '../../../flannel/wire.ts';
import { EtcdClient } from '../../../native/etcd/client.ts';
import { parseEndpoint } from '../../../native/etcd/endpoint.ts';
import { createLogger } from '../../../native/host/log.ts';
import { parseIpv4 } from '../../../native/net/ipv4.ts';
import { parseMac } from '../../../native/net/mac.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { FAIR, SimulatedLink, type Weather } from '../../support/simulated-etcd/link.ts';
import { SimulatedStore, type Row } from '../../support/simulated-etcd/store.ts';

const PREFIX = '/coreos.com/network';
/** A tenth of an hour in the place of flannel's day, and what follows from it. */
const TTL_SECONDS = 600;
const MARGIN_SECONDS = 60;
/** Seven subnets for three hosts and those that come in between. */
const CONFIG = parseNetworkConfig('{"Network":"10.5.0.0/26","SubnetLen":29,"Backend":{"Type":"vxlan"}}');
const ENDPOINTS = ['http://10.9.0.1:2379', 'http://10.9.0.2:2379', 'http://10.9.0.3:2379'].map(parseEndpoint);
const JUNK = '{';
/** A message is under way for at most this long, there and back; by so much etcd's reckoning and a host's may differ. */
const TOLERANCE_SECONDS = 20;

/** Numbers in [0, 1) that a seed decides (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface WorldParts {
  readonly clock: ManualClock;
  readonly store: SimulatedStore;
  readonly random: () => number;
}

/** A host with a real keeper, store, watch and etcd client; only what lies behind the connection is simulated. */
export class WorldHost {
  readonly nodeId: string;
  readonly link: SimulatedLink;
  readonly events: LeaseEvent[] = [];
  problem: string | undefined;
  keeper: LeaseKeeper | undefined;
  readonly #parts: WorldParts;
  readonly #lease: Omit<Lease, 'subnets'>;
  #stop = new AbortController();

  constructor(number: number, parts: WorldParts) {
    this.nodeId = `node-${number}`;
    this.#parts = parts;
    this.link = new SimulatedLink(parts);
    this.#lease = {
      nodeId: this.nodeId,
      publicIp: parseIpv4(`192.168.77.${10 + number}`),
      publicIpv6: undefined,
      backend: { kind: 'vxlan', ipv4: { vni: 1, vtepMac: parseMac(`02:00:00:00:00:0${number}`) }, ipv6: undefined },
    };
  }

  /** What the host takes for its own; `undefined` while it knows that it has none. */
  get owned(): string | undefined {
    const subnets = this.keeper?.subnets;
    const left = this.keeper?.secondsLeft ?? -Infinity;
    return subnets !== undefined && left > TOLERANCE_SECONDS ? subnetsText(subnets) : undefined;
  }

  start(): void {
    const { clock, random } = this.#parts;
    const previous = this.keeper?.subnets;
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.problem = undefined;
    const client = new EtcdClient({ endpoints: ENDPOINTS, clock, random, connect: () => this.link.connect() });
    const store = new LeaseStore({
      client,
      prefix: PREFIX,
      ttlSeconds: TTL_SECONDS,
      onJunk: () => undefined,
      clock,
      random,
    });
    const keeper = new LeaseKeeper({
      store,
      reservations: new ReservationStore(client),
      hostname: this.nodeId,
      config: () => CONFIG,
      self: { nodeId: this.nodeId, publicIp: this.#lease.publicIp, publicIpv6: undefined },
      backend: this.#lease.backend,
      marginSeconds: MARGIN_SECONDS,
      clock,
      bootMs: () => clock.monotonicMs(),
      random,
      log: createLogger({ name: 'test', level: 'fatal' }),
      onProblem: (problem) => {
        if (!signal.aborted) this.problem = problem;
      },
      onEvent: (event) => this.events.push(event),
      onSubnets: () => undefined,
    });
    this.keeper = keeper;
    const run = async (): Promise<void> => {
      const known = new Map<string, KnownLease>();
      const first = Promise.withResolvers<undefined>();
      const watch = store.watch(
        {
          onState: () => undefined,
          onUpdate: (update) => {
            foldLeases(known, update);
            first.resolve(undefined);
            keeper.observe(known, update);
          },
        },
        signal,
      );
      watch.catch(first.reject);
      await first.promise;
      await keeper.acquire([...known.values()], previous, signal);
      await keeper.run(signal);
    };
    run().catch((error: unknown) => {
      if (!signal.aborted) throw error; // a fault of the keeper ends the test
    });
  }

  /** As by kill -9: what it has sent is under way. */
  kill(): void {
    this.#stop.abort(new RangeError('killed'));
  }

  key(): string | undefined {
    const subnets = this.keeper?.subnets;
    return subnets && subnetKey(PREFIX, subnets);
  }
}

/** Three hosts, one store, and everything that may happen to them. */
export class KeeperWorld {
  readonly clock = new ManualClock();
  readonly store = new SimulatedStore(this.clock);
  readonly hosts: readonly WorldHost[];
  /** Whether somebody with etcdctl was at the leases. */
  isMeddledWith = false;
  /** What must never be. */
  readonly faults: string[] = [];
  #isMeddling = false;
  /** What stood there before it was garbled. */
  readonly #before = new Map<string, string>();

  constructor(seed: number) {
    const random = seededRandom(seed);
    const parts = { clock: this.clock, store: this.store, random };
    this.hosts = [1, 2, 3].map((number) => new WorldHost(number, parts));
    this.store.onReplace = (before, after) => {
      if (!this.#isMeddling) this.#judgeWrite(before, after);
    };
  }

  host(number: number): WorldHost {
    const host = this.hosts[number % this.hosts.length];
    if (host === undefined) throw new RangeError('there are no hosts');
    return host;
  }

  /** All hosts at once, each in its weather. */
  start(weathers: readonly Weather[]): void {
    this.hosts.forEach((host, index) => {
      host.link.weather = weathers[index] ?? FAIR;
      host.start();
    });
  }

  /** Something that no keeper does. */
  meddle(act: () => void): void {
    this.isMeddledWith = true;
    this.#isMeddling = true;
    act();
    this.#isMeddling = false;
  }

  /** Leaves a value that nobody can read. */
  garble(key: string): void {
    const row = this.store.rows.find((each) => each.key === key);
    if (row === undefined || row.value === JUNK) return;
    this.#before.set(key, row.value);
    this.meddle(() => {
      this.store.put({ key: Buffer.from(key), value: Buffer.from(JUNK), lease: String(row.leaseId) });
    });
  }

  /** A host of somebody else's takes the key of one of ours. */
  intrude(key: string, foreign: { readonly nodeId: string | undefined; readonly ip: string }): void {
    const { subnets } = decodeLease(key, '{"PublicIP":"192.168.77.99"}');
    const lease: Lease = {
      subnets,
      nodeId: foreign.nodeId,
      publicIp: parseIpv4(foreign.ip),
      publicIpv6: undefined,
      backend: { kind: 'vxlan', ipv4: { vni: 1, vtepMac: parseMac('02:00:00:00:00:99') }, ipv6: undefined },
    };
    const leaseId = this.store.grant(3_600);
    this.meddle(() => {
      this.store.put({ key: Buffer.from(key), value: Buffer.from(encodeLease(lease)), lease: String(leaseId) });
    });
  }

  async elapse(ms: number): Promise<void> {
    const before = this.hosts.map(({ link }) => link.requests);
    await this.clock.advance(ms);
    this.store.expire();
    this.hosts.forEach(({ link, nodeId }, index) => {
      const sent = link.requests - (before[index] ?? 0);
      if (sent > mostRequests(ms)) this.faults.push(`${nodeId} sent ${sent} requests in ${ms} ms`);
    });
    this.judge();
  }

  /** Good weather for long enough that everything finds its place. */
  async calm(): Promise<void> {
    for (const { link } of this.hosts) link.weather = FAIR;
    await this.elapse(240_000);
    const before = this.hosts.map(({ link }) => link.requests);
    await this.elapse(120_000);
    this.hosts.forEach((host, index) => {
      const sent = host.link.requests - (before[index] ?? 0);
      if (sent > 30) this.faults.push(`${host.nodeId} sent ${sent} requests in two quiet minutes`);
      this.#judgeOutcome(host);
    });
    this.#judgeDistinct();
  }

  close(): void {
    for (const host of this.hosts) host.kill();
  }

  /** While nobody meddles a subnet has one owner at any moment. */
  judge(): void {
    if (!this.isMeddledWith) this.#judgeDistinct();
  }

  #judgeDistinct(): void {
    const owned = this.hosts.flatMap((host) => host.owned ?? []);
    if (new Set(owned).size < owned.length) this.faults.push(`two owners of one subnet: ${owned.join(' ')}`);
  }

  #judgeOutcome(host: WorldHost): void {
    const key = host.key();
    const readable = this.store.rows.filter(({ value }) => value !== JUNK);
    const row = readable.find((each) => each.key === key);
    const owner = row && decodeLease(row.key, row.value).nodeId;
    if (owner !== host.nodeId) {
      this.faults.push(`${host.nodeId} has no lease: ${key ?? 'none'} is ${owner ?? 'nobody'}'s`);
    }
    const all = readable.filter((each) => decodeLease(each.key, each.value).nodeId === host.nodeId);
    if (all.length > 1) this.faults.push(`${host.nodeId} has ${all.map((each) => each.key).join(' and ')}`);
    if (host.problem !== undefined) this.faults.push(`${host.nodeId} complains: ${host.problem}`);
  }

  /** A key that somebody else holds is never written. */
  #judgeWrite(before: Row, after: Row): void {
    const value = before.value === JUNK ? (this.#before.get(before.key) ?? '') : before.value;
    const was = decodeLease(before.key, value);
    const is = decodeLease(after.key, after.value);
    const isOther = was.nodeId === undefined ? was.publicIp !== is.publicIp : was.nodeId !== is.nodeId;
    if (isOther)
      this.faults.push(`${is.nodeId ?? 'somebody'} wrote over ${before.key} of ${was.nodeId ?? 'a flanneld'}`);
  }
}

/** However bad the weather: a start's worth, and then a few a second. */
const mostRequests = (ms: number): number => 150 + (ms / 1000) * 4;
