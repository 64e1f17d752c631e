import type { KernelFile, NumberFile } from '../model/reading.ts';
import { RARE_EVERY, SLOW_EVERY } from '../model/schedule.ts';
import { PooledFile } from './kernel-file.ts';
import type { LiveContainer } from './live-container.ts';
import type { PartDue } from './quick-reads.ts';

/** Stands among the numbers of collectors for what tells of a container's life. */
export const LIFE = -1;
/** A missing file is asked for once, when parts are made, and they serve for so many turns. */
const TURNS_OF_PARTS = RARE_EVERY / SLOW_EVERY - 1;
const SLOW = { slow: true, rare: false } as const;

/** What one collector reads of one container at a slow turn, besides numbers: always from open files. */
export interface KeptPart {
  readonly container: LiveContainer;
  /** Its number, or {@link LIFE}. */
  readonly collector: number;
  readonly files: readonly PooledFile[];
  /** What it reads besides. */
  readonly beside: readonly KernelFile[];
  /** Its collector took what its files said last. */
  readonly isTaken: boolean;
  /** What its collector gave as numbers then: another array tells that it wants other files. */
  readonly numbers: readonly NumberFile[] | undefined;
}

export interface KeptParts {
  /** Collector by collector; none is without files. */
  readonly parts: readonly KeptPart[];
  /** Collectors that are to be asked at each slow turn: a file of theirs does not stay open, or they read more than files. */
  readonly asked: readonly PartDue[];
  /** Containers whose signs of life do not stay open. */
  readonly unwatched: readonly LiveContainer[];
}

/** Those of the requested files that stay open; `undefined` when another one is to be read as well. */
function openFiles(request: (add: (file: KernelFile | undefined) => void) => void): readonly PooledFile[] | undefined {
  const files: PooledFile[] = [];
  const others: PooledFile[] = [];
  request((file) => {
    if (!(file instanceof PooledFile)) return;
    if (!file.isWanted) file.pass(TURNS_OF_PARTS);
    else (file.descriptor < 0 ? others : files).push(file);
  });
  return others.length === 0 ? files : undefined;
}

function filesOf({ readers }: LiveContainer, part: PartDue): readonly PooledFile[] | undefined {
  const numbers = readers.quick(part.collector);
  if (numbers === undefined) return undefined;
  const isNumber = (file: KernelFile | undefined): boolean => numbers.some((number) => number.file === file);
  return openFiles((add) => {
    readers.request(part.collector, part.tick, (file) => {
      if (!isNumber(file)) add(file);
    });
  });
}

/** What slow turns read of containers, as their collectors ask for it now. */
export function keptPartsOf(containers: readonly LiveContainer[]): KeptParts {
  const parts: KeptPart[] = [];
  const asked: PartDue[] = [];
  const collectors = containers[0]?.readers.count ?? 0;
  for (let collector = 0; collector < collectors; collector += 1)
    for (const container of containers) {
      const tick = container.tick(SLOW);
      const due = { container, collector, tick };
      const files = filesOf(container, due);
      const { readers } = container;
      if (files === undefined) asked.push(due);
      else if (files.length > 0)
        parts.push({
          ...{ container, collector, files },
          ...{ beside: readers.beside(collector), isTaken: readers.isTaken(collector, tick) },
          numbers: readers.quick(collector),
        });
    }
  const unwatched: LiveContainer[] = [];
  for (const container of containers) {
    const files = openFiles((add) => {
      container.requestLife(add);
    });
    if (files === undefined) unwatched.push(container);
    else if (files.length > 0)
      parts.push({ container, collector: LIFE, files, beside: [], isTaken: true, numbers: undefined });
  }
  return { parts, asked, unwatched };
}
