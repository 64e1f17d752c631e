import { join } from 'node:path';
import { z } from 'zod';
import type { Attachments, Port } from '../model/attachments.ts';
import type { Health, RawMetadata } from '../model/identity.ts';
import { tagVariables } from '../model/tags.ts';
import { readJson } from './bounded-file.ts';

const text = z.string().nullish().catch(undefined);
const strings = z.record(z.string(), z.string()).nullish().catch(undefined);

/** What of config.v2.json, and of the answer to `GET /containers/{id}/json`, is of use; podman's answer is alike. */
export const dockerConfigSchema = z.object({
  Name: text,
  Image: text,
  Path: text,
  Created: text,
  RestartCount: z.number().int().nonnegative().nullish().catch(undefined),
  Config: z
    .object({ Image: text, Labels: strings, Env: z.array(z.string()).nullish().catch(undefined) })
    .nullish()
    .catch(undefined),
  State: z
    .object({
      Running: z.boolean().nullish(),
      Restarting: z.boolean().nullish(),
      OOMKilled: z.boolean().nullish(),
      ExitCode: z.number().int().nullish(),
      StartedAt: text,
      FinishedAt: text,
      Health: z.object({ Status: text }).nullish().catch(undefined),
    })
    .nullish()
    .catch(undefined),
  /** By destination; docker's own files only. */
  MountPoints: z
    .record(z.string(), z.object({ Source: text, Name: text, Driver: text }))
    .nullish()
    .catch(undefined),
  /** The same in the API's answer. */
  Mounts: z
    .array(z.object({ Source: text, Name: text, Destination: text }))
    .nullish()
    .catch(undefined),
  NetworkSettings: z
    .object({
      Ports: z
        .record(
          z.string(),
          z
            .array(z.object({ HostIp: text, HostPort: text }))
            .nullish()
            .catch(undefined),
        )
        .nullish()
        .catch(undefined),
      Networks: z
        .record(z.string(), z.object({ NetworkID: text }).nullish().catch(undefined))
        .nullish()
        .catch(undefined),
    })
    .nullish()
    .catch(undefined),
});

export type DockerConfig = z.infer<typeof dockerConfigSchema>;

/** How a container ended, as its runtime wrote it. */
export interface RuntimeExit {
  readonly exitCode: number | undefined;
  readonly oomKilled: boolean | undefined;
  readonly startedAtUnixMs: number | undefined;
  readonly finishedAtUnixMs: number | undefined;
}

/** Docker and podman write year 1 for what has not happened. */
export function unixMsOf(time: string | null | undefined): number | undefined {
  const value = time === null || time === undefined ? Number.NaN : Date.parse(time);
  return value > 0 ? value : undefined;
}

const HEALTH: Readonly<Record<string, Health>> = { starting: 'starting', healthy: 'healthy', unhealthy: 'unhealthy' };

export function healthOf(status: string | null | undefined): Health | undefined {
  return status === null || status === undefined || !Object.hasOwn(HEALTH, status) ? undefined : HEALTH[status];
}

/** Of a key such as `80/tcp`, and where the host has it. */
function portsOf(key: string, bindings: readonly { HostIp?: unknown; HostPort?: unknown }[]): Port[] {
  const [number = '', protocol = 'tcp'] = key.split('/', 2);
  const port = { privatePort: Number(number), protocol };
  if (bindings.length === 0) return [port];
  return bindings.map(({ HostIp, HostPort }) => ({
    ...port,
    ...(typeof HostIp === 'string' ? { hostIp: HostIp } : {}),
    publicPort: Number(HostPort),
  }));
}

function attachmentsOf({ MountPoints, Mounts, NetworkSettings }: DockerConfig): Attachments | undefined {
  if (NetworkSettings === null || NetworkSettings === undefined) return undefined;
  const mounts = [
    ...Object.entries(MountPoints ?? {}).map(([Destination, mount]) => ({ ...mount, Destination })),
    ...(Mounts ?? []),
  ];
  return {
    ports: Object.entries(NetworkSettings.Ports ?? {}).flatMap(([key, bindings]) => portsOf(key, bindings ?? [])),
    // As docker's filter: a volume by its name, a bind mount by what is mounted, both by where.
    volumes: mounts.flatMap(({ Name, Source, Destination }) =>
      [Name === '' ? Source : (Name ?? Source), Destination].filter((word) => typeof word === 'string'),
    ),
    networks: Object.entries(NetworkSettings.Networks ?? {}).map(([name, network]) => ({
      name,
      id: network?.NetworkID ?? '',
    })),
  };
}

export function dockerMetadata(config: DockerConfig, runtime: 'docker' | 'podman'): RawMetadata {
  const { Name, Image, Path, Created, RestartCount } = config;
  const inner = config.Config ?? {};
  const state = config.State ?? {};
  return {
    runtime,
    runtimeName: Name ?? undefined,
    image: inner.Image ?? undefined,
    imageId: Image ?? undefined,
    program: Path ?? undefined,
    annotations: {},
    labels: inner.Labels ?? {},
    variables: tagVariables(inner.Env ?? []),
    createdAtUnixMs: unixMsOf(Created),
    // Until docker has started it again, this is the start of the run before.
    startedAtUnixMs: state.Running === false ? undefined : unixMsOf(state.StartedAt),
    restartCount: RestartCount ?? undefined,
    health: healthOf(state.Health?.Status),
    attachments: attachmentsOf(config),
  };
}

/**
 * docker notes a start after the fact, and a birth may be seen a moment late: what exits at once is over before either. No two runs
 * of a container are this close.
 */
const LATE_MS = 100;

/** `undefined` while docker has not yet written that the run begun at `startedAtUnixMs` is over. */
export function dockerExit(config: DockerConfig, startedAtUnixMs: number | undefined): RuntimeExit | undefined {
  const state = config.State;
  if (state === null || state === undefined) return undefined;
  const [started, finished] = [unixMsOf(state.StartedAt), unixMsOf(state.FinishedAt)];
  // A container that is to be started again counts as running meanwhile.
  const over = state.Running === false || state.Restarting === true;
  if (!over || finished === undefined) return undefined;
  if (startedAtUnixMs !== undefined && started !== startedAtUnixMs && finished < startedAtUnixMs - LATE_MS)
    return undefined; // of the run before
  return {
    exitCode: state.ExitCode ?? undefined,
    oomKilled: state.OOMKilled ?? undefined,
    startedAtUnixMs: started,
    finishedAtUnixMs: finished,
  };
}

const dockerConfigFile = (root: string, id: string): string => join(root, 'containers', id, 'config.v2.json');

/** What docker wrote of the end of a run that began at `startedAtUnixMs`; `undefined` while it did not. */
export async function readDockerExit(
  file: string,
  startedAtUnixMs: number | undefined,
): Promise<RuntimeExit | undefined> {
  const config = await readJson(file, dockerConfigSchema);
  return config === undefined ? undefined : dockerExit(config, startedAtUnixMs);
}

/** The first of docker's data folders that knows a container. */
export async function findDockerConfig(
  roots: readonly string[],
  id: string,
): Promise<{ readonly file: string; readonly config: DockerConfig } | undefined> {
  for (const root of roots) {
    const file = dockerConfigFile(root, id);
    const config = await readJson(file, dockerConfigSchema);
    if (config !== undefined) return { file, config };
  }
  return undefined;
}

/** Docker mounts files of its data folder into each container: its bundle tells where that folder is. */
export function dockerRootOfMounts(sources: readonly string[], id: string): string | undefined {
  for (const source of sources) {
    const [, root] = /^(\/.+)\/containers\/([0-9a-f]{64})\/(?:resolv\.conf|hostname|hosts)$/.exec(source) ?? [];
    if (root !== undefined && source.startsWith(`${root}/containers/${id}/`)) return root;
  }
  return undefined;
}
