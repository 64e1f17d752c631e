import { FlatKeys, uintOrUnknown } from '../model/cgroup-text.ts';
import type { HugePages } from '../model/details.ts';
import { FIELD, NO_NUMBERS, type CgroupView, type Collector, type KernelFile } from '../model/reading.ts';

interface Size {
  readonly pages: HugePages;
  readonly files: readonly (KernelFile | undefined)[];
  /** Whether the controller is on here. */
  collect(): boolean;
}

const events = new FlatKeys(['max']);

function sizeOf(view: CgroupView, pageSize: string): Size {
  const pages: HugePages = { pageSize, usageBytes: Number.NaN, peakBytes: Number.NaN, failures: Number.NaN };
  const v1 = view.version('hugetlb') === 1;
  const file = (name: string): KernelFile | undefined => view.rareFile('hugetlb', `hugetlb.${pageSize}.${name}`);
  const usage = file(v1 ? 'usage_in_bytes' : 'current');
  const failures = file(v1 ? 'failcnt' : 'events');
  const peak = v1 ? file('max_usage_in_bytes') : undefined;
  return {
    pages,
    files: [usage, failures, peak],
    collect() {
      pages.usageBytes = uintOrUnknown(usage?.read());
      pages.peakBytes = uintOrUnknown(peak?.read());
      const content = failures?.read();
      if (!v1) events.scan(content);
      pages.failures = v1 ? uintOrUnknown(content) : (events.values[0] ?? Number.NaN);
      return !Number.isNaN(pages.usageBytes);
    },
  };
}

/** Huge pages of each size that the kernel has (`2MB`, `1GB`); they are not in the memory controller's usage. */
export function hugePages(pageSizes: readonly string[]): Collector {
  return {
    name: 'huge_pages',
    fields: ['hugePagesBytes'],
    lists: ['hugePages'],
    attach(view) {
      const sizes = pageSizes.map((pageSize) => sizeOf(view, pageSize));
      return {
        request(add, tick) {
          if (!tick.rare) return;
          for (const file of sizes.flatMap((size) => size.files)) add(file);
        },
        collect({ sample, details }, tick) {
          if (!tick.rare) return;
          const known = sizes.filter((size) => size.collect()).map(({ pages }) => pages);
          details.hugePages = known.length === 0 ? undefined : known;
          sample[FIELD.hugePagesBytes] =
            known.length === 0 ? Number.NaN : known.reduce((sum, pages) => sum + pages.usageBytes, 0);
        },
        quick: () => NO_NUMBERS,
      };
    },
  };
}
