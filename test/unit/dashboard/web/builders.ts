import type { ContainerView, HostView } from '../../../../dashboard/wire.ts';

/** A running container of h1 that says nothing of itself; `over` is taken as it is. */
export function aContainerView(key: string, over: Partial<ContainerView> = {}): ContainerView {
  return {
    key,
    nodeId: 'n1',
    hostName: 'h1',
    name: key,
    runtime: 'runc',
    image: undefined,
    labels: {},
    state: 'running',
    startedAtUnixMs: undefined,
    memoryLimitBytes: undefined,
    cpuLimitCores: undefined,
    pidsLimit: undefined,
    ...over,
  };
}

/** A live host that says nothing of itself; `over` is taken as it is. */
export function aHostView(name: string, over: Partial<HostView> = {}): HostView {
  return {
    nodeId: `n-${name}`,
    name,
    state: 'live',
    lastFrameUnixMs: 1000,
    kernel: undefined,
    cgroupMode: undefined,
    cpuCores: 4,
    memoryTotalBytes: 100,
    agentVersion: undefined,
    tags: {},
    containers: 1,
    overlay: undefined,
    ...over,
  };
}
