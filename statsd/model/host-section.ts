import type { Content } from './cgroup-text.ts';
import type { HostReading } from './host-reading.ts';
import type { KernelFile } from './reading.ts';

/** How often a section is read: at each tick, at each slow one, or in some of the slow ones. */
export type Pace = 'tick' | 'slow' | 'rare';

/** One section of a {@link HostReading}: its files, and what becomes of them. @throws {CgroupTextError} */
export interface HostCollector {
  readonly name: string;
  readonly pace: Pace;
  /** Those that give everything in one read, and can be fetched with the containers' files. */
  readonly files: readonly KernelFile[];
  collect(reading: HostReading): void;
  /** Makes the section unknown. */
  clear(reading: HostReading): void;
}

export interface HostFileOpener {
  /** A file below procfs that gives everything in one read. */
  single(name: string): KernelFile;
  /** A file below procfs that is made of records, of which the kernel gives a page at each read. */
  records(name: string): KernelFile;
}

/** A section that is one file. */
export function section<Name extends keyof HostReading>(
  facts: { readonly name: Name; readonly pace: Pace; readonly file: KernelFile; readonly fetched: boolean },
  parse: (content: Content) => HostReading[Name],
): HostCollector {
  const { name, pace, file, fetched } = facts;
  return {
    name: `host_${name}`,
    pace,
    files: fetched ? [file] : [],
    collect(reading) {
      const content = file.read();
      reading[name] = content === undefined ? undefined : parse(content);
    },
    clear(reading) {
      reading[name] = undefined;
    },
  };
}
