import { defineConfig } from 'vitest/config';

/** A tier that touches the kernel, etcd or a browser: one file at a time, so that two tests never share a machine-wide name. */
const serial = { fileParallelism: false, isolate: true, pool: 'forks' as const };
const reporters = ['default'];

export default defineConfig({
  test: {
    reporters,
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts', 'test/*.test.ts'] } },
      {
        test: {
          name: 'kernel',
          include: ['test/kernel/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
          ...serial,
        },
      },
      {
        test: {
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          testTimeout: 90_000,
          hookTimeout: 90_000,
          ...serial,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          testTimeout: 90_000,
          hookTimeout: 90_000,
          ...serial,
        },
      },
      {
        test: { name: 'vm', include: ['test/vm/**/*.test.ts'], testTimeout: 300_000, hookTimeout: 300_000, ...serial },
      },
    ],
  },
});
