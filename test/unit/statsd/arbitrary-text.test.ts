/**
 * The parsers of text that no other property holds: whatever they are given, they give something that is true, or say that they do
 * not know. Those of cgroups and of the host are in collectors/parsers.test.ts, those of the runtimes' files in io/parsers.test.ts,
 * StatsD's in model/statsd-text.test.ts, docker's requests in model/docker-request.test.ts and model/docker-list.test.ts.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inet6Addresses, localAddresses, plainAddress } from '../../../statsd/io/container-addresses.ts';
import { depthAsInit } from '../../../statsd/io/run-start.ts';
import { annotationsOfLabels } from '../../../statsd/io/runtime-state.ts';
import { podUidOf, unescapeUnit, userOf, userOfRunFolder } from '../../../statsd/model/container.ts';
import { labelName } from '../../../statsd/model/exposition.ts';
import { cgroupPathOf, chooseHierarchy, parseCgroupMounts } from '../../../statsd/model/hierarchy.ts';
import { upperFolder } from '../../../statsd/model/layer.ts';
import { coresIn, nodeMemoryBytes } from '../../../statsd/model/machine.ts';
import { openFilesLimit, parseStat, taskStateOf } from '../../../statsd/model/process-text.ts';
import { phaseOf } from '../../../statsd/model/schedule.ts';
import { cleanText } from '../../../statsd/model/text.ts';

/** Pieces that each parser looks for, so that it is led astray at every place. */
const pieces = fc.constantFrom(
  ...['1 (sh) S 1 1', '(', ')', 'Max open files', 'unlimited', '1024', '-1', '9'.repeat(25), '1e3', '0x10'],
  ...['7 1 0:5 / / rw - overlay overlay rw,upperdir=', '/a\\040b', 'upperdir=', ' - cgroup2 ', ' - cgroup x rw,memory'],
  ...['25 1 0:2 / /sys/fs/cgroup rw', '|-- 10.0.0.1', '|-- 127.0.0.1', '/32 host LOCAL', 'fe80'.repeat(8)],
  ...['f'.repeat(32), ' 02 40 00 80 eth0', '::ffff:1.2.3.4', '%eth0', ':', 'physical id\t: 0', 'core id\t: 1', '\n\n'],
  ...['Node 0 MemTotal: 5 kB', 'NSpid:\t7\t1', 'Pid:', '/user.slice/user-1000.slice/', '/run/user/0/', 'pod', '\\x2d'],
  ...['__proto__', 'constructor', '=', ' ', '\t', '\n', '\0', '/', '\ud800', '\u202e'],
);
const text = fc.oneof(
  fc.array(pieces, { maxLength: 30 }).map((words) => words.join('')),
  fc.array(pieces, { maxLength: 30 }).map((words) => words.join(' ')),
  fc.string({ unit: 'binary', maxLength: 200 }),
);

const isCount = (value: number): boolean => Number.isNaN(value) || value >= 0;
const wholeOrNothing = (value: number | undefined): boolean => value === undefined || Number.isSafeInteger(value);

test.each<{ name: string; holds: (given: string) => boolean }>([
  {
    name: '/proc/PID/stat: whole numbers and a clean name, or nothing',
    holds: (given) => {
      const stat = parseStat(given);
      if (stat === undefined) return true;
      const { command, cpuTicks, threads, startTicks, residentPages, state } = stat;
      taskStateOf(state);
      return (
        command === cleanText(command) && [cpuTicks, threads, startTicks, residentPages].every(Number.isSafeInteger)
      );
    },
  },
  { name: '/proc/PID/limits: a limit, none, or unknown', holds: (given) => isCount(openFilesLimit(given)) },
  { name: '/proc/PID/status: a depth, or none', holds: (given) => wholeOrNothing(depthAsInit(given)) },
  {
    name: '/proc/PID/mountinfo: an absolute folder, or none',
    holds: (given) => upperFolder(given)?.startsWith('/') !== false,
  },
  {
    name: '/proc/self/mountinfo: a hierarchy whose paths can be told, or none',
    holds: (given) => {
      const hierarchy = chooseHierarchy(parseCgroupMounts(given));
      const path = hierarchy === undefined ? undefined : cgroupPathOf(hierarchy, '/sys/fs/cgroup/docker/a');
      return path?.startsWith('/') !== false;
    },
  },
  {
    name: '/proc/PID/net/if_inet6: addresses in one spelling',
    holds: (given) => inet6Addresses(given).every((address) => plainAddress(address) === address),
  },
  {
    name: 'an address: one spelling stays as it is',
    holds: (given) => plainAddress(plainAddress(given)) === plainAddress(given),
  },
  {
    name: '/proc/cpuinfo: at least one core and socket, or unknown',
    holds: (given) => Object.values(coresIn(given)).every((count) => Number.isNaN(count) || count > 0),
  },
  { name: "a node's meminfo: bytes, or unknown", holds: (given) => isCount(nodeMemoryBytes(given)) },
  {
    name: 'a cgroup path: a user and a pod, or none',
    holds: (given) =>
      wholeOrNothing(userOf(given)) &&
      wholeOrNothing(userOfRunFolder(given)) &&
      podUidOf(given)?.includes('_') !== true,
  },
  { name: 'a unit: no longer than its escapes', holds: (given) => unescapeUnit(given).length <= given.length },
  {
    name: "runc's labels: what stands there, and an object like any other",
    holds: (given) => {
      const found = annotationsOfLabels(given.split('\n'));
      const isThere = ([key, value]: [string, string]): boolean => given.includes(`${key}=${value}`);
      return Object.getPrototypeOf(found) === Object.prototype && Object.entries(found).every(isThere);
    },
  },
  {
    name: 'a label: a name that Prometheus takes',
    holds: (given) => /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(labelName(given)),
  },
  { name: 'a phase: within one interval', holds: (given) => phaseOf(given) >= 0 && phaseOf(given) < 1 },
])('$name', ({ holds }) => {
  fc.assert(fc.property(text, holds), { numRuns: 400 });
});

test('/proc/PID/net/fib_trie: addresses, without loopback', () => {
  const holds = (given: string): boolean =>
    localAddresses(given).every((address) => /^[\d.]+$/.test(address) && !address.startsWith('127.'));
  fc.assert(fc.property(text, holds), { numRuns: 400, examples: [['/32 host LOCAL']] });
});

test('a parser that takes part of a number is found out', () => {
  expect(openFilesLimit('Max open files            1024abc')).toBeNaN();
  expect(parseStat('1 (sh) S 1e3')).toBeUndefined();
});
