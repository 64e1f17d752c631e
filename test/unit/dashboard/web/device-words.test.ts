import { describe, expect, test } from 'vitest';
import { noBlockDevicesWords, noInterfacesWords, type DevicesOf } from '../../../../dashboard/web/device-words.ts';
import type { DevicesView } from '../../../../dashboard/wire.ts';

const host = { name: 'h1', state: 'live', agentVersion: '0.1.0' } as const;
const told = (over: Partial<DevicesView>): DevicesView => ({
  key: 'n1/a',
  state: 'told',
  sharedWith: [],
  sharedCount: 0,
  ...over,
});
const some = { name: 'x' };

test.each<{ name: string; of: Partial<DevicesOf>; want: RegExp | undefined }>([
  { name: 'interfaces', of: { told: told({ interfaces: [some] }) }, want: undefined },
  { name: 'the host’s network', of: { network: 'host', told: told({}) }, want: /not attributable/ },
  { name: 'an agent of before', of: { told: told({ state: 'untold' }) }, want: /on h1 \(0\.1\.0\) does not tell/ },
  { name: 'no answer yet', of: { told: told({ state: 'waiting' }) }, want: /Waiting for the agent on h1/ },
  { name: 'nothing told at all', of: {}, want: /Waiting for the agent on h1/ },
  { name: 'a silent agent', of: { host: { ...host, state: 'stale' } }, want: /is silent/ },
  { name: 'an unknown network', of: { told: told({}) }, want: /does not know/ },
  { name: 'loopback alone', of: { told: told({ interfaces: [] }) }, want: /but loopback/ },
])('network: $name', ({ of, want }) => {
  const words = noInterfacesWords({ network: 'own', told: undefined, host, ...of });
  if (want === undefined) expect(words).toBeUndefined();
  else expect(words).toMatch(want);
});

describe('disks', () => {
  test('a container in the host’s network has disks all the same', () => {
    expect(noBlockDevicesWords({ network: 'host', told: told({ blockDevices: [some] }), host })).toBeUndefined();
  });

  test('not counted and not used are two things', () => {
    expect(noBlockDevicesWords({ network: 'own', told: told({}), host })).toMatch(/does not count/);
    expect(noBlockDevicesWords({ network: 'own', told: told({ blockDevices: [] }), host })).toMatch(/wrote to none/);
  });
});
