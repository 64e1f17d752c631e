import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const waiting = { testTimeout: 90_000, hookTimeout: 90_000, isolate: true, pool: 'forks' as const };

/** One file at a time: nothing else disturbs what it measures, or has its machine-wide names. */
const alone = { fileParallelism: false, isolate: true, pool: 'forks' as const };

/**
 * Some files at a time: most of their time they wait. Their namespaces, cgroups and folders are named by process id or by chance,
 * and their ports are free ones or in a namespace. Every group has a number of its own, so that it has the machine to itself.
 */
const beside = (maxWorkers: number, groupOrder: number) => ({ maxWorkers, sequence: { groupOrder } });

/** They count lost packets, measure how late something is, fill the processors, or run the demo, of which a machine has one. */
const ALONE = [
  'test/cluster/demo.test.ts',
  'test/cluster/demo-ends.test.ts',
  'test/cluster/demo-input.test.ts',
  'test/cluster/starter-rules-real.test.ts',
  'test/cluster/statsd-accuracy.test.ts',
  'test/cluster/flannel/healing.test.ts',
  'test/cluster/flannel/lease-race.test.ts',
  'test/cluster/flannel/outage.test.ts',
  'test/cluster/flannel/overlay.test.ts',
  'test/cluster/flannel/race.test.ts',
  'test/cluster/flannel/two-clusters.test.ts',
  'test/browser/demo.test.ts',
];
for (const file of ALONE) {
  if (!existsSync(join(import.meta.dirname, file))) throw new RangeError(`vitest.config.ts: no such file: ${file}`);
}
const aloneIn = (folder: string): string[] => ALONE.filter((file) => file.startsWith(folder));

export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/*.test.ts'],
          // Loading the same modules for each of 220 files again was most of what it took.
          isolate: false,
          // There for what hangs; the default of five seconds fails what only computes, on a busy machine.
          testTimeout: 60_000,
        },
      },
      // 100,000 inputs for each property: minutes of pure computing, one file to a processor.
      { test: { name: 'properties', include: ['test/properties/**/*.test.ts'], testTimeout: 120_000 } },
      {
        test: {
          name: 'kernel',
          include: ['test/kernel/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
          ...alone,
        },
      },
      {
        test: {
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          exclude: ALONE,
          ...waiting,
          ...beside(3, 1),
        },
      },
      { test: { name: 'cluster-alone', include: aloneIn('test/cluster/'), ...waiting, ...alone } },
      // A page takes a processor, and its server a part of the other: two files at a time took as long as one after the other.
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          exclude: ALONE,
          ...waiting,
          testTimeout: 180_000,
          ...beside(1, 2),
        },
      },
      { test: { name: 'browser-alone', include: aloneIn('test/browser/'), ...waiting, ...alone } },
      {
        test: { name: 'vm', include: ['test/vm/**/*.test.ts'], testTimeout: 300_000, hookTimeout: 300_000, ...alone },
      },
    ],
  },
});
