import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { annotationsOfLabels, runtimeOfRoot, RuntimeStates } from '../../../../statsd/io/runtime-state.ts';
import { fixtureText } from '../../../support/fixture-file.ts';
import { useHostTree } from './host-tree.ts';

const tree = useHostTree();
const { write } = tree;

const statesOf = (roots: readonly string[], controllers: readonly string[] = ['memory']): RuntimeStates =>
  new RuntimeStates({ roots: roots.map((name) => join(tree.root, name)), controllers, changed: () => undefined });

describe('RuntimeStates', () => {
  test('a recorded runc state', () => {
    write('runc/rec1/state.json', fixtureText('v1-6.18-runc/state.json'));
    using states = statesOf(['runc']);
    const { states: found, incomplete } = states.refresh();
    expect(incomplete).toBe(false);
    expect(found).toMatchObject([
      {
        runtime: 'runc',
        id: 'rec1',
        cgroup: { kind: 'directory', value: '/sys/fs/cgroup/memory/weft-test/fixture/rec1' },
        bundle: '/bundles/rec1',
        annotations: {
          'org.weft.container.name': 'web',
          'org.opencontainers.image.ref.name': 'docker.io/library/busybox:1.35',
        },
      },
    ]);
    expect(found[0]!.createdAtUnixMs).toBeGreaterThan(1.7e12);
  });

  test('a recorded crun status, with and without its configuration', () => {
    write('crun/c2/status', fixtureText('crun-1.8.1/status'));
    using states = statesOf(['crun']);
    expect(states.refresh().states).toMatchObject([
      { runtime: 'crun', id: 'c2', cgroup: { kind: 'path', value: '/weft-test/probe/c1' }, annotations: {} },
    ]);
    write('crun/c3/config.json', { annotations: { 'nerdctl/name': 'n' } });
    write('crun/c3/status', fixtureText('crun-1.8.1/status'));
    expect(states.refresh().states.find((state) => state.id === 'c3')!.annotations).toEqual({ 'nerdctl/name': 'n' });
  });

  test('a folder without a state yet, rubbish, and a root that comes later', () => {
    write('runc/new/other', '');
    using states = statesOf(['runc', 'later']);
    expect(states.refresh()).toEqual({ states: [], incomplete: true });
    write('runc/new/state.json', '{"id": 5');
    expect(states.refresh().states).toEqual([]);
    write('runc/new/state.json', fixtureText('v1-6.18-runc/state.json'));
    write('later/x/state.json', fixtureText('v1-6.18-runc/state.json'));
    expect(states.refresh()).toMatchObject({ states: [{ id: 'rec1' }, { id: 'rec1' }], incomplete: false });
    rmSync(join(tree.root, 'runc'), { recursive: true });
    expect(states.refresh().states).toHaveLength(1);
  });

  test('a star stands for each folder: containerd has one for each namespace', () => {
    write('containerd/runc/k8s.io/a/state.json', fixtureText('v1-6.18-runc/state.json'));
    write('containerd/runc/default/b/state.json', fixtureText('v1-6.18-runc/state.json'));
    using states = statesOf(['containerd/runc/*']);
    expect(states.refresh().states.map((state) => state.runtime)).toEqual(['containerd', 'containerd']);
  });

  test('who called runc shows in the folder', () => {
    expect(runtimeOfRoot('/run/docker/runtime-runc/moby', 'runc')).toBe('docker');
    expect(runtimeOfRoot('/run/containerd/runc/k8s.io', 'runc')).toBe('containerd');
    expect(runtimeOfRoot('/run/crun', 'crun')).toBe('crun');
    expect(annotationsOfLabels(['a=b=c', 'bad', 'empty='])).toEqual({ a: 'b=c', empty: '' });
  });
});
