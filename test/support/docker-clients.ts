/**
 * What ctop 0.7.7 (by go-dockerclient) and Telegraf's docker input (by docker's own client) decode of docker's answers: the fields
 * that they read, in the types that they have there. Whatever else is in an answer is ignored, as Go does.
 */
import { z } from 'zod';
import { flag, int64, map, slice, text, time, uint16, uint32, uint64 } from './go-json.ts';

const cpuStats = z.object({
  cpu_usage: z.object({
    total_usage: uint64,
    percpu_usage: slice(uint64),
    usage_in_kernelmode: uint64,
    usage_in_usermode: uint64,
  }),
  system_cpu_usage: uint64,
  online_cpus: uint32,
  throttling_data: z.object({ periods: uint64, throttled_periods: uint64, throttled_time: uint64 }),
});

const blockEntries = slice(z.object({ major: uint64, minor: uint64, op: text, value: uint64 }));

export const statsAnswer = z.object({
  read: time,
  preread: time,
  num_procs: uint32,
  pids_stats: z.object({ current: uint64, limit: uint64 }),
  blkio_stats: z.object({
    io_service_bytes_recursive: blockEntries,
    io_serviced_recursive: blockEntries,
    io_queue_recursive: blockEntries,
    io_service_time_recursive: blockEntries,
    io_wait_time_recursive: blockEntries,
    io_merged_recursive: blockEntries,
    io_time_recursive: blockEntries,
    sectors_recursive: blockEntries,
  }),
  cpu_stats: cpuStats,
  precpu_stats: cpuStats,
  memory_stats: z.object({ usage: uint64, max_usage: uint64, stats: map(uint64), failcnt: uint64, limit: uint64 }),
  networks: map(
    z.object({
      rx_bytes: uint64,
      rx_packets: uint64,
      rx_errors: uint64,
      rx_dropped: uint64,
      tx_bytes: uint64,
      tx_packets: uint64,
      tx_errors: uint64,
      tx_dropped: uint64,
    }),
  ),
});
export type StatsAnswer = z.infer<typeof statsAnswer>;

export const infoAnswer = z.object({
  ID: text,
  Driver: text,
  Images: int64,
  Name: text,
  ServerVersion: text,
  InitBinary: text,
  NCPU: int64,
  MemTotal: int64,
  NFd: int64,
  NGoroutines: int64,
  NEventsListener: int64,
  Containers: int64,
  ContainersRunning: int64,
  ContainersPaused: int64,
  ContainersStopped: int64,
  DriverStatus: slice(z.tuple([z.string(), z.string()])),
});

export const listAnswer = z.array(
  z.object({
    Id: text,
    // ctop takes the first without looking whether there is one.
    Names: z.array(z.string()).min(1),
    Image: text,
    ImageID: text,
    Command: text,
    Created: int64,
    State: text,
    Status: text,
    Labels: map(z.string()),
    Ports: slice(z.object({ IP: text, PrivatePort: uint16, PublicPort: uint16, Type: text })),
    SizeRw: int64,
    SizeRootFs: int64,
    NetworkSettings: z.object({ Networks: map(z.object({ IPAddress: text })) }),
    Mounts: slice(z.object({ Name: text, Source: text, Destination: text })),
  }),
);

export const inspectAnswer = z.object({
  Id: text,
  Name: text,
  Created: time,
  RestartCount: int64,
  Image: text,
  Path: text,
  Args: slice(z.string()),
  // ctop reads through these without looking whether they are there.
  Config: z.object({ Image: text, Env: slice(z.string()), Labels: map(z.string()), Tty: flag }),
  NetworkSettings: z.object({
    Networks: map(z.object({ IPAddress: text })),
    Ports: map(slice(z.object({ HostIp: text, HostPort: text }))),
  }),
  State: z.object({
    Status: text,
    Running: flag,
    Paused: flag,
    OOMKilled: flag,
    Pid: int64,
    ExitCode: int64,
    StartedAt: time,
    FinishedAt: time,
    Health: z.object({ Status: text, FailingStreak: int64 }).nullish(),
  }),
});

export const eventLine = z.object({
  Type: text,
  Action: text,
  id: text,
  from: text,
  status: text,
  Actor: z.object({ ID: text, Attributes: map(z.string()) }),
  // go-dockerclient passes over events without it.
  time: int64,
  timeNano: int64,
});

/** Whether Telegraf takes the daemon for podman, whose CPU times it then reckons with by itself. */
export function looksLikePodman({ ServerVersion, Name, InitBinary }: z.infer<typeof infoAnswer>): boolean {
  const [version, name] = [ServerVersion.toLowerCase(), Name.toLowerCase()];
  if (version.includes('docker') || name.includes('docker') || InitBinary.includes('docker')) return false;
  if (version.includes('podman') || name.includes('podman')) return true;
  if (name.includes('kubernetes') || name.includes('containerd')) return false;
  return InitBinary === 'crun' || name.includes('localhost') || (name.length <= 4 && name !== '');
}
