import { z } from 'zod';

/** Name of the request for the interfaces and block devices of some containers. */
export const DEVICES_REQUEST = 'devices';

/** Containers that may be asked for in one request. */
export const MAX_DEVICE_KEYS = 8;

/** Interfaces, and block devices, that are told of one container. */
export const MAX_DEVICES = 64;

export const devicesRequestSchema = z.object({ keys: z.array(z.string().max(512)).max(MAX_DEVICE_KEYS) });

export type DevicesRequest = z.infer<typeof devicesRequestSchema>;

/** Cumulative; absent when it is not known. */
const count = z.number().nonnegative().optional();

export const interfaceCountsSchema = z.object({
  name: z.string().max(64),
  /** Inside the container's network namespace; 0 when it is not known. */
  ifindex: z.number().int().nonnegative(),
  receiveBytes: count,
  receivePackets: count,
  receiveErrors: count,
  receiveDropped: count,
  transmitBytes: count,
  transmitPackets: count,
  transmitErrors: count,
  transmitDropped: count,
});

export type InterfaceCounts = z.infer<typeof interfaceCountsSchema>;

export const blockDeviceCountsSchema = z.object({ name: z.string().max(128), readBytes: count, writeBytes: count });

export type BlockDeviceCounts = z.infer<typeof blockDeviceCountsSchema>;

export const containerDevicesSchema = z.object({
  key: z.string().max(512),
  /** Without loopback; absent when they are not known, or are the host's. */
  interfaces: z.array(interfaceCountsSchema).max(MAX_DEVICES).optional(),
  /** Those with traffic; absent where the kernel does not count. */
  blockDevices: z.array(blockDeviceCountsSchema).max(MAX_DEVICES).optional(),
});

export type ContainerDevices = z.infer<typeof containerDevicesSchema>;

/** As of one tick; containers that do not live are left out. */
export const devicesAnswerSchema = z.object({
  /** The tick's clock, as in its frame. */
  monotonicMs: z.number(),
  timeUnixMs: z.number(),
  containers: z.array(containerDevicesSchema).max(MAX_DEVICE_KEYS),
});

export type DevicesAnswer = z.infer<typeof devicesAnswerSchema>;
