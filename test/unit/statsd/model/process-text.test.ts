import { describe, expect, test } from 'vitest';
import { openFilesLimit, parseStat, taskStateOf } from '../../../../statsd/model/process-text.ts';
import { upperFolder } from '../../../../statsd/model/layer.ts';

/** Of a real `sleep`, kernel 6.18. */
const STAT =
  '4242 (sleep) S 4200 4242 4200 34816 4242 4194304 103 0 0 0 12 30 0 0 20 0 3 0 987654 2953216 421 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0';

describe('/proc/PID/stat', () => {
  test('of a process', () => {
    expect(parseStat(STAT)).toEqual({
      ...{ command: 'sleep', state: 'S', cpuTicks: 42, threads: 3, startTicks: 987654, residentPages: 421 },
    });
  });

  test('a command may hold what the format is made of; control characters go', () => {
    expect(parseStat(STAT.replace('(sleep)', '(a) R 1 (b\u001b[31m\n)'))).toMatchObject({
      command: 'a) R 1 (b[31m',
      state: 'S',
      threads: 3,
    });
  });

  test.each(['', '4242', '4242 (sleep', '4242 (sleep) S 1 2', STAT.replace('987654', 'x')])('%j is none', (text) => {
    expect(parseStat(text)).toBeUndefined();
  });
});

test.each([
  ['R', 'running'],
  ['I', 'sleeping'],
  ['t', 'stopped'],
  ['D', 'uninterruptible'],
  ['Z', undefined],
  ['constructor', undefined],
])('state %s is %s', (letter, state) => {
  expect(taskStateOf(letter)).toBe(state);
});

test.each([
  { text: 'Max open files            1024                 524288               files', limit: 1024 },
  {
    text: 'Max cpu time   unlimited unlimited seconds\nMax open files            unlimited            unlimited',
    limit: Infinity,
  },
  { text: '', limit: Number.NaN },
])('limit on open files: $limit', ({ text, limit }) => {
  expect(openFilesLimit(text)).toBe(limit);
});

/** As kernel 6.18 wrote them. */
const MOUNT = (point: string, upper: string): string =>
  `45 27 0:39 / ${point} rw,relatime - overlay overlay rw,lowerdir=/l,upperdir=${upper},workdir=/w,uuid=on`;

describe('the folder that a container writes to', () => {
  test.each([
    {
      name: 'of an overlay',
      text: MOUNT('/', '/var/lib/docker/overlay2/a/diff'),
      want: '/var/lib/docker/overlay2/a/diff',
    },
    { name: 'with a space and a comma', text: MOUNT('/', '/o/a\\134\\054b\\040c'), want: '/o/a,b c' },
    {
      name: 'of the last mount at its root',
      text: `${MOUNT('/', '/first')}\n${MOUNT('/', '/second')}`,
      want: '/second',
    },
    { name: 'not of another mount', text: MOUNT('/data', '/o/u'), want: undefined },
    { name: 'not of another file system', text: '45 27 8:1 / / rw - ext4 /dev/sda1 rw,upperdir=/o', want: undefined },
    {
      name: 'not of one that is read only',
      text: '45 27 0:39 / / ro - overlay overlay ro,lowerdir=/l',
      want: undefined,
    },
    { name: 'not a relative one', text: MOUNT('/', 'o/u'), want: undefined },
    { name: 'not of rubbish', text: 'rubbish\n\n - \n', want: undefined },
  ])('$name', ({ text, want }) => {
    expect(upperFolder(text)).toBe(want);
  });
});
