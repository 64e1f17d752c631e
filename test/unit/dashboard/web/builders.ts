import type { ContainerView } from '../../../../dashboard/wire.ts';

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
