import type { FilesystemReading, FilesystemSpace } from './host-reading.ts';

export interface Fullest {
  readonly mountPoint: string;
  readonly space: FilesystemSpace;
}

/** What is not left for everybody but root. */
const usedRatio = ({ sizeBytes, availableBytes }: FilesystemSpace): number => 1 - availableBytes / sizeBytes;

/**
 * The file system with the least left of it; of equal ones the first that was mounted. One that nobody can write to is full by design, and one without a size
 * is not known.
 */
export function fullestOf(filesystems: readonly FilesystemReading[] | undefined): Fullest | undefined {
  let fullest: Fullest | undefined;
  for (const { mountPoint, readOnly, space } of filesystems ?? []) {
    if (readOnly || space === undefined || !(space.sizeBytes > 0)) continue;
    if (fullest === undefined || usedRatio(space) > usedRatio(fullest.space)) fullest = { mountPoint, space };
  }
  return fullest;
}
