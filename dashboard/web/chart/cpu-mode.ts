/** What 100 % of CPU is: of the container's limit, of the whole host, or no share at all. */
export type CpuMode = 'limit' | 'host' | 'cores';

export const CPU_MODES: readonly { readonly mode: CpuMode; readonly name: string }[] = [
  { mode: 'limit', name: '% of limit' },
  { mode: 'host', name: '% of host' },
  { mode: 'cores', name: 'cores' },
];

/** What a line's values are shares of; unknown is `undefined`. */
export interface Capacity {
  readonly cpuLimitCores: number | undefined;
  readonly hostCores: number | undefined;
}

export function parseCpuMode(text: string | null): CpuMode {
  return CPU_MODES.find(({ mode }) => mode === text)?.mode ?? 'limit';
}

/** One hundred per cent in cores, with its name; `undefined` where it is not known, or no share is asked for. */
export function wholeOf(
  mode: CpuMode,
  { cpuLimitCores, hostCores }: Capacity,
): { readonly cores: number; readonly of: 'limit' | 'host' } | undefined {
  if (mode === 'cores') return undefined;
  if (mode === 'limit' && cpuLimitCores !== undefined) return { cores: cpuLimitCores, of: 'limit' };
  // Without a limit the host is what there is.
  return hostCores === undefined ? undefined : { cores: hostCores, of: 'host' };
}
