import type { Port } from './attachments.ts';
import { createdAt, type ContainerCard } from './container-card.ts';
import { humanDuration, timeText } from './docker-text.ts';
import { MAX_API, MIN_API } from './docker-request.ts';
import { limitWithin } from './inventory.ts';
import { FIELD } from './reading.ts';

export interface DockerHost {
  readonly nodeId: string;
  readonly hostname: string;
  readonly kernel: string;
  readonly architecture: string;
  readonly cpuCores: number;
  readonly memoryTotalBytes: number;
  readonly cgroupVersion: 1 | 2;
  readonly weftVersion: string;
}

/** What clients compare versions with: the docker that speaks the announced API. */
const DOCKER_VERSION = '28.3.3';

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };
const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** `GET /version`. */
export function versionObject(host: DockerHost): object {
  const version = `${DOCKER_VERSION}+weft.${host.weftVersion}`;
  const facts = {
    ApiVersion: `1.${MAX_API}`,
    Arch: GO_ARCHITECTURES[host.architecture] ?? host.architecture,
    GitCommit: '',
    GoVersion: '',
    KernelVersion: host.kernel,
    MinAPIVersion: `1.${MIN_API}`,
    Os: 'linux',
  };
  return {
    Platform: { Name: 'weft statsd, a read-only stats API' },
    Components: [{ Name: 'Engine', Version: version, Details: { ...facts, Experimental: 'false' } }],
    Version: version,
    ...facts,
    BuildTime: '',
  };
}

/** `GET /info`: what stats clients read of it, and nothing that this agent does not know. */
export function infoObject(host: DockerHost, cards: readonly ContainerCard[], nowMs: number): object {
  const count = (state: ContainerCard['state']): number => cards.filter((card) => card.state === state).length;
  return {
    ID: host.nodeId,
    Containers: cards.length,
    ContainersRunning: count('running'),
    ContainersPaused: count('paused'),
    ContainersStopped: count('exited'),
    Images: 0,
    Driver: '',
    DriverStatus: null,
    Plugins: { Volume: null, Network: null, Authorization: null, Log: null },
    MemoryLimit: true,
    SwapLimit: true,
    PidsLimit: true,
    CpuCfsPeriod: true,
    CpuCfsQuota: true,
    CPUShares: true,
    OomKillDisable: false,
    Debug: false,
    SystemTime: timeText(nowMs),
    LoggingDriver: '',
    CgroupDriver: 'none',
    CgroupVersion: String(host.cgroupVersion),
    KernelVersion: host.kernel,
    OperatingSystem: 'linux',
    OSVersion: '',
    OSType: 'linux',
    Architecture: ARCHITECTURES[host.architecture] ?? host.architecture,
    NCPU: host.cpuCores,
    MemTotal: host.memoryTotalBytes,
    Name: host.hostname,
    Labels: [],
    ExperimentalBuild: false,
    ServerVersion: `${DOCKER_VERSION}+weft.${host.weftVersion}`,
    // As dockerd has it: Telegraf takes a host with a short name for podman where nothing here says docker.
    InitBinary: 'docker-init',
    Swarm: { NodeID: '', LocalNodeState: 'inactive', ControlAvailable: false },
    Warnings: null,
  };
}

const healthNote = (card: ContainerCard): string => {
  if (card.health === undefined) return '';
  return card.health === 'starting' ? ' (health: starting)' : ` (${card.health})`;
};

function statusText(card: ContainerCard, nowMs: number): string {
  if (card.exit !== undefined) {
    // Docker has a number here; one that nobody told is not made up.
    const code = card.exit.exitCode ?? 'unknown';
    return `Exited (${code}) ${humanDuration(nowMs - card.exit.atUnixMs)} ago`;
  }
  const up = card.startedAtUnixMs === undefined ? 'Up' : `Up ${humanDuration(nowMs - card.startedAtUnixMs)}`;
  return `${up}${card.state === 'paused' ? ' (Paused)' : healthNote(card)}`;
}

const networkModeOf = ({ onHostNetwork }: ContainerCard): string => (onHostNetwork === true ? 'host' : 'default');

/** What does not run has none. */
const portsOf = ({ attachments, exit }: ContainerCard): readonly Port[] =>
  exit === undefined ? (attachments?.ports ?? []) : [];

const listedPort = ({ privatePort, protocol, hostIp, publicPort }: Port): object => ({
  ...(hostIp === undefined ? {} : { IP: hostIp }),
  PrivatePort: privatePort,
  ...(publicPort === undefined ? {} : { PublicPort: publicPort }),
  Type: protocol,
});

/** Bindings by port; `null` for one that is exposed only. */
function inspectedPorts(ports: readonly Port[]): object {
  const bindings = new Map<string, object[] | null>();
  for (const { privatePort, protocol, hostIp = '', publicPort } of ports) {
    const key = `${privatePort}/${protocol}`;
    const before = bindings.get(key) ?? [];
    bindings.set(key, publicPort === undefined ? null : [...before, { HostIp: hostIp, HostPort: String(publicPort) }]);
  }
  return Object.fromEntries(bindings);
}

/** One element of `GET /containers/json`. */
export function summaryObject(card: ContainerCard, nowMs: number, layerBytes?: number): object {
  return {
    Id: card.dockerId,
    Names: [`/${card.name}`],
    Image: card.image ?? '',
    ImageID: card.imageId ?? '',
    Command: card.program ?? '',
    Created: Math.floor((createdAt(card) ?? 0) / 1000),
    Ports: portsOf(card).map(listedPort),
    ...(layerBytes === undefined ? {} : { SizeRw: layerBytes }),
    Labels: card.labels,
    State: card.state,
    Status: statusText(card, nowMs),
    HostConfig: { NetworkMode: networkModeOf(card) },
    NetworkSettings: { Networks: {} },
    Mounts: [],
  };
}

const whole = (value: number | undefined): number => (value === undefined ? 0 : Math.round(value));

function hostConfigOf(sample: Float64Array, memoryTotalBytes: number): object {
  const value = (name: keyof typeof FIELD): number | undefined => limitWithin(sample[FIELD[name]], Infinity);
  const quota = value('cpuQuotaMicros');
  const cores = value('cpuLimitCores');
  return {
    RestartPolicy: { Name: '', MaximumRetryCount: 0 },
    Memory: whole(limitWithin(sample[FIELD.memoryLimitBytes], memoryTotalBytes)),
    NanoCpus: whole(cores === undefined ? undefined : cores * 1e9),
    CpuQuota: whole(quota),
    CpuPeriod: quota === undefined ? 0 : whole(value('cpuPeriodMicros')),
    PidsLimit: whole(value('pidsLimit')),
  };
}

function stateObject(card: ContainerCard): object {
  const { state, health, exit } = card;
  return {
    Status: state,
    // As docker: a paused container runs.
    Running: state !== 'exited',
    Paused: state === 'paused',
    Restarting: false,
    OOMKilled: exit?.oomKilled ?? false,
    Dead: false,
    Pid: 0,
    // Docker has 0 while it runs. One that ended is not said to have ended well where nobody told.
    ...(exit !== undefined && exit.exitCode === undefined ? {} : { ExitCode: exit?.exitCode ?? 0 }),
    Error: '',
    StartedAt: timeText(card.startedAtUnixMs),
    FinishedAt: timeText(exit?.finishedAtUnixMs ?? exit?.atUnixMs),
    ...(health === undefined ? {} : { Health: { Status: health, FailingStreak: 0, Log: [] } }),
  };
}

/**
 * `GET /containers/{id}/json`: name, image, labels, state, limits and ports. Never the environment, the command, mounts or
 * network addresses, which may hold secrets.
 */
export function inspectObject(card: ContainerCard, sample: Float64Array, memoryTotalBytes: number): object {
  return {
    Id: card.dockerId,
    Created: timeText(createdAt(card)),
    Path: card.program ?? '',
    Args: [],
    State: stateObject(card),
    Image: card.imageId ?? '',
    Name: `/${card.name}`,
    RestartCount: card.restartCount ?? 0,
    Driver: '',
    Platform: 'linux',
    HostConfig: { NetworkMode: networkModeOf(card), ...hostConfigOf(sample, memoryTotalBytes) },
    Mounts: [],
    Config: {
      Hostname: '',
      Tty: false,
      Env: [],
      Cmd: [],
      Image: card.image ?? '',
      Labels: card.labels,
    },
    NetworkSettings: { Ports: inspectedPorts(portsOf(card)), Networks: {} },
  };
}
