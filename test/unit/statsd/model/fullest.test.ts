import { expect, test } from 'vitest';
import { fullestOf } from '../../../../statsd/model/fullest.ts';
import type { FilesystemReading } from '../../../../statsd/model/host-reading.ts';

function mount(mountPoint: string, available: number, over: Partial<FilesystemReading> = {}): FilesystemReading {
  const space = { sizeBytes: 100, freeBytes: available, availableBytes: available, files: 9, filesFree: 9 };
  return { device: `/dev${mountPoint}`, mountPoint, type: 'ext4', readOnly: false, space, ...over };
}

const NO_SIZE = { sizeBytes: 0, freeBytes: 0, availableBytes: 0, files: 0, filesFree: 0 };

test.each([
  {
    name: 'the one with the least left',
    mounts: [mount('/', 40), mount('/data', 5), mount('/var', 30)],
    want: '/data',
  },
  {
    name: 'by share and not by bytes',
    mounts: [mount('/', 40), { ...mount('/big', 0), space: { ...NO_SIZE, sizeBytes: 1e12, availableBytes: 5e11 } }],
    want: '/',
  },
  { name: 'of equal ones the first', mounts: [mount('/', 7), mount('/data', 7)], want: '/' },
  { name: 'one that is written full', mounts: [mount('/', 1), mount('/full', 0)], want: '/full' },
  { name: 'never one that is read only', mounts: [mount('/', 40), mount('/image', 0, { readOnly: true })], want: '/' },
  {
    name: 'never one that does not answer',
    mounts: [mount('/nfs', 0, { space: undefined }), mount('/', 99)],
    want: '/',
  },
  { name: 'never one without a size', mounts: [mount('/fuse', 0, { space: NO_SIZE }), mount('/', 99)], want: '/' },
  { name: 'none where none is known', mounts: [mount('/nfs', 0, { space: undefined })], want: undefined },
  { name: 'none before the mounts were read', mounts: undefined, want: undefined },
])('$name', ({ mounts, want }) => {
  expect(fullestOf(mounts)?.mountPoint).toBe(want);
});
