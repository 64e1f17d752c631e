import { readFileSync } from 'node:fs';
import { HostFileError } from '../native/host/atomic-file.ts';
import { systemClock, systemRandom } from '../native/host/clock.ts';
import type { AgentInput } from '../native/host/config.ts';
import { FatalError, reportConfigError, runUntilSignal, type ExitCode } from '../native/host/lifecycle.ts';
import { createLogger, type Logger } from '../native/host/log.ts';
import { readOrCreateNodeId } from '../native/host/node-id.ts';
import { packageVersion } from '../native/host/package-root.ts';
import { StatsAgent } from './agent.ts';
import { trustsEmptyV1 } from './collectors/block-io.ts';
import { containerCollectors } from './collectors/index.ts';
import { loadStatsdConfig, type StatsdConfig } from './config.ts';
import { ContainerKeeper } from './container-keeper.ts';
import { blockStack, readHostFacts, type HostFacts } from './io/host-facts.ts';
import { descriptorCap, FilePool } from './io/kernel-file.ts';
import { Publisher } from './io/publisher.ts';
import { FrameRing, RING_BYTES, RING_FRAMES } from './model/frame-ring.ts';
import { chooseHierarchy, parseCgroupMounts, type Hierarchy } from './model/hierarchy.ts';
import { WELL_KNOWN_LABELS } from './model/identity.ts';
import { newOwnCounts } from './model/own-metrics.ts';
import { Status } from './status.ts';
import { AGENT_WIRE_VERSION, type HostInventory } from './wire.ts';

function findHierarchy(config: StatsdConfig): Hierarchy {
  const path = `${config.procfs}/self/mountinfo`;
  let mountinfo: string;
  try {
    mountinfo = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new FatalError(`cannot read ${path}: is --procfs right?`, { cause });
  }
  const hierarchy = chooseHierarchy(parseCgroupMounts(mountinfo), config.cgroupMount);
  if (hierarchy !== undefined) return hierarchy;
  const where = config.cgroupMount === undefined ? 'anywhere' : `at or under ${config.cgroupMount}`;
  throw new FatalError(`no cgroup file system with a memory, pids or cpu controller is mounted ${where}`);
}

async function nodeIdOf(config: StatsdConfig): Promise<string> {
  try {
    return await readOrCreateNodeId(config.stateDir);
  } catch (error) {
    if (!(error instanceof HostFileError)) throw error;
    throw new FatalError(`${error.message}; choose another folder with --state-dir`, { cause: error });
  }
}

function tokenOf(config: StatsdConfig, log: Logger): string {
  if (config.agentToken !== undefined) return config.agentToken;
  if (config.agentTokenFile === undefined) return '';
  try {
    return readFileSync(config.agentTokenFile, 'utf8').trim().slice(0, 512);
  } catch (err) {
    // The dashboard that writes it may not have started; the connection is refused, and tried again with the file read anew.
    log.warn({ err }, `cannot read the agent token from ${config.agentTokenFile}`);
    return '';
  }
}

function hostInventory(facts: HostFacts, known: Omit<HostInventory, keyof HostFacts | 'agentVersion'>): HostInventory {
  const { bootTimeUnixMs, ...rest } = facts;
  const boot = bootTimeUnixMs === undefined ? {} : { bootTimeUnixMs };
  return { ...known, ...rest, ...boot, agentVersion: packageVersion() };
}

async function run(config: StatsdConfig, log: Logger, signal: AbortSignal): Promise<void> {
  const hierarchy = findHierarchy(config);
  const facts = readHostFacts(config.procfs);
  const nodeId = await nodeIdOf(config);
  const pool = new FilePool(descriptorCap(config.procfs));
  const collectors = containerCollectors({
    slavesOf: blockStack(config.sysfs),
    trustsEmptyV1: trustsEmptyV1(facts.kernel),
  });
  const counts = newOwnCounts(collectors.map(({ name }) => name));
  const clock = systemClock;
  const random = systemRandom;
  const handshake = { v: AGENT_WIRE_VERSION, nodeId, hostname: config.hostname };
  const publisher = new Publisher({
    urls: config.dashboard,
    handshake: () => ({ ...handshake, token: tokenOf(config, log) }),
    ring: new FrameRing({ maxFrames: RING_FRAMES, maxBytes: RING_BYTES }),
    clock,
    random,
    log: log.child({ module: 'publisher' }),
  });
  const kept = (name: string): ReturnType<FilePool['kept']> => pool.kept(`${config.procfs}/${name}`);
  const status = new Status({ config, facts, counts });
  await using server = await status.serve();
  const agent = new StatsAgent({
    host: hostInventory(facts, {
      nodeId,
      hostname: config.hostname,
      cgroupMode: hierarchy.mode,
      intervalMs: config.interval,
      ...(server === undefined ? {} : { statusListen: server.listen }),
    }),
    hostFiles: { stat: kept('stat'), meminfo: kept('meminfo'), loadavg: kept('loadavg') },
    collectors,
    publisher,
    counts,
    metricLabels: config.containerLabel,
    clock,
    log: log.child({ module: 'agent' }),
  });
  using keeper = new ContainerKeeper({
    hierarchy,
    cgroupRoot: config.cgroupRoot,
    stateRoots: config.runcRoot,
    metadataPaths: config,
    labels: [...new Set([...WELL_KNOWN_LABELS, ...config.containerLabel])],
    collectors,
    pool,
    clock,
    random,
    log: log.child({ module: 'containers' }),
    born: (container) => {
      agent.born(container);
    },
    ended: (end) => {
      agent.ended(end);
    },
    renamed: (container) => {
      agent.renamed(container);
    },
  });
  status.show({ agent, keeper, pool, publisher });
  log.info(
    { nodeId, cgroupMode: hierarchy.mode, discovery: hierarchy.discovery.mountPoint, listen: server?.listen },
    'started',
  );
  // The first that fails ends the others.
  const failed = new AbortController();
  const any = AbortSignal.any([signal, failed.signal]);
  try {
    await Promise.all([agent.run(keeper, any), agent.announce(any), keeper.followStates(any), publisher.run(any)]);
  } finally {
    failed.abort();
  }
}

/** `weft statsd`: follows this host's containers until SIGINT or SIGTERM. */
export async function runStatsd(input: AgentInput): Promise<ExitCode> {
  let config: StatsdConfig;
  try {
    config = loadStatsdConfig(input);
  } catch (error) {
    return reportConfigError('weft statsd', error);
  }
  const log = createLogger({ name: 'statsd', level: config.logLevel });
  return await runUntilSignal(log, (signal) => run(config, log, signal));
}
