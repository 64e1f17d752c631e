import { describe, expect, test } from 'vitest';
import { containerExitSchema, inventorySchema } from '../../../statsd/wire.ts';

/** As agents sent it before containers had kinds, tags and ends. */
const before = {
  v: 1,
  tableVersion: 3,
  host: {
    nodeId: 'n1',
    hostname: 'h1',
    agentVersion: '0.1.0',
    kernel: '6.1',
    cgroupMode: 'v2',
    cpuCores: 2,
    memoryTotalBytes: 1024,
    intervalMs: 1000,
  },
  containers: [{ key: 'docker:a', id: 'a', name: 'web', runtime: 'docker', labels: {}, cgroupPath: '/docker/a' }],
};

describe('the contract with agents and dashboards of other versions', () => {
  test('an inventory without what came later is one', () => {
    expect(inventorySchema.parse(before)).toEqual(before);
    expect(containerExitSchema.parse({ v: 1, key: 'docker:a', atUnixMs: 5 })).toEqual({
      v: 1,
      key: 'docker:a',
      atUnixMs: 5,
    });
  });

  test('what is not known yet is left out, not refused', () => {
    const later = { ...before, moods: ['good'], containers: [{ ...before.containers[0], mood: 'good' }] };
    expect(inventorySchema.parse(later)).toEqual(before);
  });

  test('halves of surrogate pairs are replaced in every text, names of labels included', () => {
    const half = 'a\uD83D';
    const whole = 'a\uFFFD';
    const given = (text: string) => ({
      ...before,
      host: { ...before.host, nodeId: text, hostname: text, tags: { [text]: text } },
      containers: [{ ...before.containers[0], key: text, name: text, image: text, labels: { [text]: text } }],
    });
    expect(inventorySchema.parse(given(half))).toEqual(given(whole));
    expect(inventorySchema.parse(given('a\u{1F600}'))).toEqual(given('a\u{1F600}'));
    expect(containerExitSchema.parse({ v: 1, key: half, atUnixMs: 5 }).key).toBe(whole);
  });

  test('words of lists that may grow are taken as they are', () => {
    const container = { ...before.containers[0], kind: 'unikernel', state: 'dreaming', health: 'merry' };
    expect(inventorySchema.parse({ ...before, containers: [container] }).containers[0]).toEqual(container);
  });
});
