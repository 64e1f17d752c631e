import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HostFileError } from '../native/host/atomic-file.ts';
import { systemClock, systemRandom } from '../native/host/clock.ts';
import type { AgentInput } from '../native/host/config.ts';
import { FatalError, reportConfigError, runUntilSignal, type ExitCode } from '../native/host/lifecycle.ts';
import { createLogger, type Logger } from '../native/host/log.ts';
import { readOrCreateNodeId } from '../native/host/node-id.ts';
import { packageVersion } from '../native/host/package-root.ts';
import { StatsAgent } from './agent.ts';
import { loadStatsdConfig, type StatsdConfig } from './config.ts';
import { eventsTo } from './container-events.ts';
import { ContainerKeeper } from './container-keeper.ts';
import { DeviceDesk } from './device-desk.ts';
import { DockerDoor } from './docker-door.ts';
import { Feed } from './feed.ts';
import { IdentityKeeper } from './identity-keeper.ts';
import { StorageLists } from './io/containers-storage.ts';
import { CpuMeter } from './io/cpu-meter.ts';
import { deviceNames } from './io/device-names.ts';
import { ExitFolders } from './io/exit-folders.ts';
import { hostNames, readHostFacts, type HostFacts } from './io/host-facts.ts';
import { MetadataFiles } from './io/metadata.ts';
import { DashboardTrust } from './io/dashboard-trust.ts';
import { Publisher } from './io/publisher.ts';
import { LifeKeeper } from './life-keeper.ts';
import type { DockerHost } from './model/docker-objects.ts';
import { FrameRing, RING_BYTES, RING_FRAMES } from './model/frame-ring.ts';
import { chooseHierarchy, parseCgroupMounts, placeOfRoot, type Hierarchy } from './model/hierarchy.ts';
import { WELL_KNOWN_LABELS } from './model/identity.ts';
import { openMeasurement } from './open-measurement.ts';
import { StatsDoor } from './stats-door.ts';
import { StatsdIntake } from './statsd-intake.ts';
import { Status } from './status.ts';
import { StatsdPush } from './statsd-push.ts';
import { SurveyKeeper } from './survey-keeper.ts';
import { DEVICES_REQUEST } from './device-wire.ts';
import { AGENT_WIRE_VERSION, type HostInventory } from './wire.ts';

function findHierarchy(config: StatsdConfig): { readonly hierarchy: Hierarchy; readonly cgroupRoot: string } {
  const path = `${config.procRoot}/self/mountinfo`;
  let mountinfo: string;
  try {
    mountinfo = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new FatalError(`cannot read ${path}: is --proc-root right?`, { cause });
  }
  const mounts = parseCgroupMounts(mountinfo);
  const { below, cgroupPath } =
    config.cgroupMount === undefined
      ? placeOfRoot(mounts, config.cgroupRoot)
      : { below: config.cgroupMount, cgroupPath: config.cgroupRoot };
  const hierarchy = chooseHierarchy(mounts, below);
  if (hierarchy !== undefined) return { hierarchy, cgroupRoot: cgroupPath };
  const where = below === undefined ? 'anywhere' : `at or under ${below}`;
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
  if (config.tokenFile === undefined) return '';
  try {
    return readFileSync(config.tokenFile, 'utf8').trim().slice(0, 512);
  } catch (err) {
    // The dashboard that writes it may not have started; the connection is refused, and tried again with the file read anew.
    log.warn({ err }, `cannot read the agent token from ${config.tokenFile}`);
    return '';
  }
}

/** @throws {FatalError} */
function authorityOf({ dashboardCa }: StatsdConfig, log: Logger): (() => string) | undefined {
  if (dashboardCa === undefined) return undefined;
  const trust = DashboardTrust.open(dashboardCa, log);
  return () => trust.current();
}

function hostInventory(facts: HostFacts, known: Omit<HostInventory, keyof HostFacts | 'agentVersion'>): HostInventory {
  const { bootTimeUnixMs, ...rest } = facts;
  const boot = bootTimeUnixMs === undefined ? {} : { bootTimeUnixMs };
  return { ...known, ...rest, ...boot, agentVersion: packageVersion() };
}

interface DockerHostParts {
  readonly facts: HostFacts;
  readonly nodeId: string;
  readonly config: StatsdConfig;
  readonly cgroupMode: Hierarchy['mode'];
}

const dockerHost = ({ facts, nodeId, config, cgroupMode }: DockerHostParts): DockerHost => ({
  nodeId,
  hostname: config.hostname,
  kernel: facts.kernel,
  architecture: process.arch,
  cpuCores: facts.cpuCores,
  memoryTotalBytes: facts.memoryTotalBytes,
  cgroupVersion: cgroupMode === 'v2' ? 2 : 1,
  weftVersion: packageVersion(),
});

function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function run(config: StatsdConfig, log: Logger, signal: AbortSignal): Promise<void> {
  const { hierarchy, cgroupRoot } = findHierarchy(config);
  const facts = readHostFacts(config.procRoot);
  const nodeId = await nodeIdOf(config);
  const clock = systemClock;
  const random = systemRandom;
  const handshake = { v: AGENT_WIRE_VERSION, nodeId, hostname: config.hostname };
  const publisher = new Publisher({
    urls: config.dashboard,
    handshake: () => ({ ...handshake, token: tokenOf(config, log) }),
    authority: authorityOf(config, log),
    ring: new FrameRing({ maxFrames: RING_FRAMES, maxBytes: RING_BYTES }),
    devices: (keys, answer) => {
      devices.ask(keys, answer);
    },
    clock,
    random,
    log: log.child({ module: 'publisher' }),
  });
  await using opened = openMeasurement({
    config: { ...config, cgroupRoot },
    facts,
    hierarchy,
    clock,
    log: log.child({ module: 'measurement' }),
  });
  const { measurement, collectors, pool, ancestors, counts, accounting, networkTable } = opened;
  const status = new Status({
    config,
    facts,
    nodeId,
    counts,
    names: hostNames(config.procRoot),
    nowMs: () => clock.nowMs(),
  });
  await using server = await status.serve();
  const host = hostInventory(facts, {
    nodeId,
    hostname: config.hostname,
    cgroupMode: hierarchy.mode,
    intervalMs: config.interval,
    ...(server === undefined ? {} : { statusListen: server.listen }),
    tags: config.tag,
    answers: [DEVICES_REQUEST],
  });
  const agent = new StatsAgent({
    host,
    measurement,
    cpuMeter: new CpuMeter({ budget: config.cpuBudget, intervalMs: config.interval, cpuSeconds: ownCpuSeconds }),
    ...(accounting === undefined ? {} : { accounting }),
    publisher,
    counts,
    keepExitedMs: config.keepExited,
    ticked: (at) => {
      for (const each of [feed, devices, identities]) each.ticked(at);
      intake?.ticked();
    },
    clock,
    log: log.child({ module: 'agent' }),
  });
  const intake =
    config.statsdListen === undefined
      ? undefined
      : new StatsdIntake({
          place: config.statsdListen,
          maxSeries: config.statsdMaxSeries,
          procfs: config.procRoot,
          namespaces: () => networkTable.known(),
          clock,
          log: log.child({ module: 'statsd-intake' }),
        });
  using _intake = await intake?.open();
  const surveys = new SurveyKeeper({
    procfs: config.procRoot,
    hostRoot: config.hostRoot,
    processes: config.processMetrics,
    layers: config.layerSize,
    clock,
    log: log.child({ module: 'surveys' }),
  });
  const feed = new Feed({
    exited: () => agent.exited(),
    host: agent.hostReading,
    cpuCores: facts.cpuCores,
    nowMs: () => clock.nowMs(),
    metricLabels: [...new Set([...WELL_KNOWN_LABELS, ...config.label])],
  });
  const devices = new DeviceDesk({
    details: (key) => feed.entry(key)?.details,
    nameOf: deviceNames(config.sysfs),
  });
  const stats = new StatsDoor({
    host,
    hostReading: agent.hostReading,
    feed,
    said: (key) => intake?.view(key),
    processes: (key) => surveys.processesOf(key),
    clock,
    log: log.child({ module: 'api' }),
  });
  using _stats = stats.follow();
  const docker = new DockerDoor({
    config,
    further: (request, response) => stats.answer(request, response),
    host: dockerHost({ facts, nodeId, config, cgroupMode: hierarchy.mode }),
    feed,
    clock,
    log: log.child({ module: 'docker-api' }),
  });
  await using _dockerDoor = await docker.open();
  const push =
    config.statsdTo === undefined
      ? undefined
      : new StatsdPush({
          place: config.statsdTo,
          format: config.statsdFormat,
          intervalMs: config.statsdInterval,
          hostname: config.hostname,
          containers: () => stats.containers(),
          clock,
          log: log.child({ module: 'statsd-push' }),
        });
  using exitFolders = new ExitFolders(config.exitFolder.map((folder) => join(config.hostRoot, folder)));
  const identities = new IdentityKeeper({
    files: new MetadataFiles(config, new StorageLists()),
    exitFolders,
    sockets: config.runtimeSocket.map((socket) => join(config.hostRoot, socket)),
    labels: [...new Set([...WELL_KNOWN_LABELS, ...config.label])],
    filter: { include: config.include, exclude: config.exclude },
    clock,
    random,
  });
  const lives = new LifeKeeper(clock);
  using keeper = new ContainerKeeper({
    hierarchy,
    cgroupRoot,
    stateRoots: config.runcRoot.map((root) => join(config.hostRoot, root)),
    services: config.services,
    identities,
    exitFolders,
    collectors,
    pool,
    ancestors,
    clock,
    random,
    log: log.child({ module: 'containers' }),
    events: eventsTo([agent, feed, lives, surveys, ...(intake === undefined ? [] : [intake])]),
  });
  status.show({ agent, feed, docker, stats, push, intake, keeper, lives, pool, publisher });
  log.info(
    { nodeId, cgroupMode: hierarchy.mode, discovery: hierarchy.discovery.mountPoint, listen: server?.listen },
    'started',
  );
  for (const note of opened.notes) log.info(note);
  // The first that fails ends the others.
  const failed = new AbortController();
  const any = AbortSignal.any([signal, failed.signal]);
  try {
    await Promise.all([
      agent.run(keeper, any),
      agent.announce(any),
      keeper.followBirths(any),
      publisher.run(any),
      docker.run(any),
      push?.run(any),
      intake?.run(any),
      surveys.run(any),
    ]);
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
