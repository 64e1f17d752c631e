import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { annotationsOfLabels, runtimeOfRoot, RuntimeStates } from '../../../../statsd/io/runtime-state.ts';
import { readMetadata } from '../../../../statsd/io/metadata.ts';
import { fixtureText } from '../../../support/fixture-file.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'weft-test-state-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function write(path: string, content: string | object): void {
  const full = join(root, path);
  mkdirSync(join(full, '..'), { recursive: true });
  writeFileSync(full, typeof content === 'string' ? content : JSON.stringify(content));
}

const statesOf = (roots: readonly string[], controllers: readonly string[] = ['memory']): RuntimeStates =>
  new RuntimeStates({ roots: roots.map((name) => join(root, name)), controllers, changed: () => undefined });

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
    rmSync(join(root, 'runc'), { recursive: true });
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

describe('readMetadata', () => {
  const id = '3f29c1d0a4be5f6677889900aabbccddeeff00112233445566778899aabbcc01';
  const read = (target: {
    id?: string;
    runtime?: 'docker' | 'containerd' | 'podman';
    bundle?: string;
  }): ReturnType<typeof readMetadata> =>
    readMetadata(
      {
        hostRoot: root,
        procfs: join(root, 'proc'),
        dockerRoot: '/docker',
        containersStorage: '/storage',
        containersRun: '/run',
        containerdTasks: '/tasks',
      },
      { id: target.id ?? id, runtime: target.runtime, bundle: target.bundle, procsFile: join(root, 'cgroup.procs') },
    );

  test('docker', async () => {
    write(`docker/containers/${id}/config.v2.json`, {
      Name: '/web-1',
      Config: { Image: 'nginx:1', Labels: { 'com.docker.compose.project': 'shop' } },
      State: { StartedAt: '2026-11-21T03:31:56.217612099Z' },
    });
    expect(await read({ runtime: 'docker' })).toEqual([
      {
        runtime: 'docker',
        runtimeName: '/web-1',
        image: 'nginx:1',
        annotations: {},
        labels: { 'com.docker.compose.project': 'shop' },
        startedAtUnixMs: Date.parse('2026-11-21T03:31:56.217Z'),
      },
    ]);
  });

  test('docker, created and not started: no start in the year 1', async () => {
    write(`docker/containers/${id}/config.v2.json`, { Name: '/w', State: { StartedAt: '0001-01-01T00:00:00Z' } });
    expect((await read({}))[0]!.startedAtUnixMs).toBeUndefined();
  });

  test('containerd: the bundle in some namespace', async () => {
    write(`tasks/k8s.io/${id}/config.json`, { annotations: { 'io.kubernetes.cri.container-name': 'app' } });
    expect(await read({})).toMatchObject([
      { runtime: 'containerd', annotations: { 'io.kubernetes.cri.container-name': 'app' } },
    ]);
  });

  test("containerd elsewhere: next to the shim's working folder", async () => {
    write('cgroup.procs', '7\n8\n');
    write('proc/7/stat', '7 (a b) c) S 5 7 7 0');
    write(`srv/io.containerd.runtime.v2.task/default/${id}/config.json`, { annotations: { 'nerdctl/name': 'n' } });
    mkdirSync(join(root, 'proc/5'), { recursive: true });
    const { symlinkSync } = await import('node:fs');
    symlinkSync('/srv/io.containerd.runtime.v2.task/default/other', join(root, 'proc/5/cwd'));
    expect(await read({ runtime: 'containerd' })).toMatchObject([{ annotations: { 'nerdctl/name': 'n' } }]);
  });

  test('podman: name and image from the list, annotations from the bundle', async () => {
    write('storage/overlay-containers/containers.json', [
      { id, names: ['db'], metadata: '{"image-name":"postgres:16"}' },
    ]);
    write(`run/overlay-containers/${id}/userdata/config.json`, { annotations: { a: 'b' } });
    expect(await read({ runtime: 'podman' })).toEqual([
      { runtime: 'podman', runtimeName: 'db', image: 'postgres:16', annotations: { a: 'b' }, labels: {} },
    ]);
  });

  test.each([
    { name: 'nothing there', prepare: () => undefined },
    {
      name: 'rubbish in every file',
      prepare: () => {
        write(`docker/containers/${id}/config.v2.json`, '{');
        write(`tasks/ns/${id}/config.json`, '[]');
        write('storage/overlay-containers/containers.json', '5');
      },
    },
  ])('$name: no metadata, no error', async ({ prepare }) => {
    prepare();
    expect(await read({})).toEqual([]);
  });

  test('an id never leaves its folder', async () => {
    write('config.json', { annotations: { stolen: 'yes' } });
    mkdirSync(join(root, 'tasks/ns/x'), { recursive: true });
    for (const bad of ['..', '../..', '.', 'a/../..']) expect(await read({ id: bad })).toEqual([]);
  });
});
