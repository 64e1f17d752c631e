import { describe, expect, test } from 'vitest';
import { netnsPath, netnsText, type Netns } from '../../../../native/netlink/netns.ts';

describe('netnsPath', () => {
  test.each<{ name: string; netns: Netns | undefined; path: string | undefined; text: string }>([
    { name: 'none given', netns: undefined, path: undefined, text: 'this network namespace' },
    { name: 'current', netns: { kind: 'current' }, path: undefined, text: 'this network namespace' },
    { name: 'name', netns: { kind: 'name', name: 'h1' }, path: '/run/netns/h1', text: 'network namespace h1' },
    { name: 'pid', netns: { kind: 'pid', pid: 7 }, path: '/proc/7/ns/net', text: 'the network namespace of process 7' },
    { name: 'path', netns: { kind: 'path', path: '/x' }, path: '/x', text: '/x' },
  ])('$name', ({ netns, path, text }) => {
    expect([netnsPath(netns), netnsText(netns)]).toEqual([path, text]);
  });

  test.each<{ name: string; netns: Netns }>([
    { name: 'a name with a slash', netns: { kind: 'name', name: '../../proc/1/ns/net' } },
    { name: 'an empty name', netns: { kind: 'name', name: '' } },
    { name: 'dots', netns: { kind: 'name', name: '..' } },
    { name: 'pid 0', netns: { kind: 'pid', pid: 0 } },
    { name: 'half a pid', netns: { kind: 'pid', pid: 1.5 } },
  ])('$name is refused', ({ netns }) => {
    expect(() => netnsPath(netns)).toThrow(RangeError);
  });
});
