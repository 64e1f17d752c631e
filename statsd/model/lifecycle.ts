/** What the kernel says of a container's processes; `undefined` where it cannot be read. */
export interface LifeSigns {
  /** A read failed with ENODEV: the cgroup was removed. */
  readonly gone: boolean;
  /** `populated` of cgroup.events in the v2 tree. */
  readonly populated: boolean | undefined;
  /** pids.current, which also counts zombies. */
  readonly pids: number | undefined;
  /** `populated 1` was seen before. */
  readonly wasPopulated: boolean;
}

export type Life = 'alive' | 'empty' | 'gone';

/**
 * Whether a container lives. On hybrid hosts a runtime may leave its processes out of the v2 tree (crun does), so
 * `populated 0` counts only after `populated 1` was seen, or when pids agrees.
 */
export function lifeOf(signs: LifeSigns): Life {
  if (signs.gone) return 'gone';
  if (signs.populated === true) return 'alive';
  if (signs.populated === false && (signs.wasPopulated || signs.pids === 0)) return 'empty';
  if (signs.populated === undefined && signs.pids === 0) return 'empty';
  return 'alive';
}

/**
 * Whether a cgroup that was empty got a process. That needs evidence: where nothing can be read, as in the moment between
 * the end of the last process and the removal of its cgroup, nothing lives. `members` tells whether cgroup.procs lists
 * one, for hosts without pids and without a v2 tree.
 */
export function isBorn(signs: Omit<LifeSigns, 'gone'>, members: () => boolean): boolean {
  if (signs.populated === true) return true;
  // Zombies count in pids; where `populated` is to be believed, it says no.
  if (signs.populated === false && signs.wasPopulated) return false;
  return signs.pids === undefined ? members() : signs.pids > 0;
}

/** `populated` of a cgroup.events text. */
export function parsePopulated(text: string): boolean | undefined {
  const match = /^populated ([01])$/m.exec(text);
  return match === null ? undefined : match[1] === '1';
}

/** `oom_kill` of memory.events (v2) or memory.oom_control (v1). */
export function parseOomKills(text: string): number | undefined {
  const match = /^oom_kill (\d+)$/m.exec(text);
  return match === null ? undefined : Number(match[1]);
}

/** `frozen` of a cgroup.events text (v2, from Linux 5.2). */
export function parseFrozen(text: string): boolean | undefined {
  const match = /^frozen ([01])$/m.exec(text);
  return match === null ? undefined : match[1] === '1';
}
