import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FoundMetadata } from '../../../../statsd/io/metadata.ts';
import { recognise } from '../../../../statsd/model/container.ts';
import { run } from '../../../support/netns.ts';
import { metadataFilesOf, useHostTree } from './host-tree.ts';

const id = '3f29c1d0a4be5f6677889900aabbccddeeff00112233445566778899aabbcc01';
const outer = 'aa29c1d0a4be5f6677889900aabbccddeeff00112233445566778899aabbcc02';
const PODMAN = `/machine.slice/libpod-${id}.scope`;

const tree = useHostTree();
const { write } = tree;

/** What is found of the container at a cgroup path. */
async function read(cgroupPath: string, more: { bundle?: string; outerFile?: string } = {}): Promise<FoundMetadata> {
  const files = metadataFilesOf(tree.root);
  const recognised = recognise(cgroupPath);
  if (recognised.role !== 'container') throw new RangeError(`${cgroupPath} is no container`);
  const procsFile = join(tree.root, 'cgroup/cgroup.procs');
  const outer = more.outerFile === undefined ? undefined : { dockerFile: join(tree.root, more.outerFile) };
  const target = { recognised, cgroupPath, procsFile, bundle: more.bundle, outer };
  return await files.read(target, new AbortController().signal);
}

describe('docker', () => {
  const path = `/docker/${id}`;
  const config = {
    Name: '/web-1',
    Image: 'sha256:0123',
    Path: '/docker-entrypoint.sh',
    Created: '2026-11-21T03:31:55.1Z',
    RestartCount: 3,
    Config: {
      Image: 'nginx:1',
      Labels: { 'com.docker.compose.project': 'shop' },
      Env: ['PASSWORD=secret', 'MARATHON_APP_ID=/shop/web'],
    },
    State: { Running: true, StartedAt: '2026-11-21T03:31:56.217612099Z', Health: { Status: 'healthy', Log: [] } },
  };

  test('names, image, labels, health and restarts; of the environment only what tags are made of', async () => {
    write(`docker/containers/${id}/config.v2.json`, config);
    const found = await read(path);
    expect(found).toEqual({
      sources: [
        {
          runtime: 'docker',
          runtimeName: '/web-1',
          image: 'nginx:1',
          imageId: 'sha256:0123',
          program: '/docker-entrypoint.sh',
          annotations: {},
          labels: { 'com.docker.compose.project': 'shop' },
          variables: { MARATHON_APP_ID: '/shop/web' },
          createdAtUnixMs: Date.parse('2026-11-21T03:31:55.1Z'),
          startedAtUnixMs: Date.parse('2026-11-21T03:31:56.217Z'),
          restartCount: 3,
          health: 'healthy',
        },
      ],
      watched: [join(tree.root, `docker/containers/${id}/config.v2.json`)],
    });
    expect(JSON.stringify(found)).not.toContain('secret');
  });

  test.each([
    { name: 'created and not started', State: { StartedAt: '0001-01-01T00:00:00Z' } },
    { name: 'about to be started again', State: { Running: false, StartedAt: '2026-11-21T03:31:56Z' } },
  ])('$name: its start is not known', async ({ State }) => {
    write(`docker/containers/${id}/config.v2.json`, { ...config, State });
    expect((await read(path)).sources[0]!.startedAtUnixMs).toBeUndefined();
  });

  test('a part of another type costs that part only', async () => {
    write(`docker/containers/${id}/config.v2.json`, { ...config, RestartCount: 'x', State: 5, Config: null });
    expect((await read(path)).sources).toMatchObject([{ runtimeName: '/web-1', imageId: 'sha256:0123' }]);
  });

  test('a data folder elsewhere is told by what is mounted into the container', async () => {
    write(`srv/data/containers/${id}/config.v2.json`, config);
    write(`tasks/moby/${id}/config.json`, {
      mounts: [{ source: 'proc' }, { source: `/srv/data/containers/${id}/resolv.conf` }],
    });
    expect((await read(path)).sources[0]).toMatchObject({ runtime: 'docker', runtimeName: '/web-1' });
  });

  test.each([
    { name: 'a folder', mount: { Source: '/volumes/v' }, folder: 'volumes/v' },
    { name: 'a volume', mount: { Source: '', Name: 'v1', Driver: 'local' }, folder: 'docker/volumes/v1/_data' },
  ])('what runs in a container has its names where that one keeps them: $name', async ({ mount, folder }) => {
    const outerFile = `docker/containers/${outer}/config.v2.json`;
    write(outerFile, { MountPoints: { '/var/lib/docker': mount } });
    write(`docker/containers/${id}/config.v2.json`, { ...config, Name: '/not-this-one' });
    write(`${folder}/containers/${id}/config.v2.json`, config);
    expect((await read(`/docker/${outer}/docker/${id}`, { outerFile })).sources).toMatchObject([
      { runtimeName: '/web-1' },
    ]);
  });

  test('a volume that is called like a path leads nowhere', async () => {
    const outerFile = `docker/containers/${outer}/config.v2.json`;
    write(outerFile, { MountPoints: { '/var/lib/docker': { Name: '../../x', Driver: 'local' } } });
    write(`x/_data/containers/${id}/config.v2.json`, config);
    expect((await read(`/docker/${outer}/docker/${id}`, { outerFile })).sources).toEqual([]);
  });

  test("a user's container has its names in the user's home, and nowhere else", async () => {
    write('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nana:x:1000:1000::/home/ana:/bin/sh\n');
    write(`docker/containers/${id}/config.v2.json`, { ...config, Name: '/of-root' });
    const scope = (uid: number): string =>
      `/user.slice/user-${uid}.slice/user@${uid}.service/app.slice/docker-${id}.scope`;
    expect((await read(scope(1000))).sources).toEqual([]);
    write(`home/ana/.local/share/docker/containers/${id}/config.v2.json`, config);
    expect((await read(scope(1000))).sources).toMatchObject([{ runtimeName: '/web-1' }]);
    expect((await read(scope(1001))).sources).toEqual([]);
  });
});

describe('containerd and Kubernetes', () => {
  const scope = `/kubepods.slice/kubepods-podaabbccdd_1122_3344_5566_778899aabbcc.slice/cri-containerd-${id}.scope`;
  const annotations = {
    'io.kubernetes.cri.container-name': 'app',
    'io.kubernetes.cri.sandbox-namespace': 'shop',
    'io.kubernetes.cri.sandbox-name': 'web-0',
    'io.kubernetes.cri.sandbox-uid': 'u-1',
  };

  test('the bundle in some namespace, and restarts by the logs', async () => {
    write(`tasks/k8s.io/${id}/config.json`, {
      annotations,
      process: { args: ['/app', '--password=secret'], env: ['A=b', 'NOMAD_JOB_NAME=j'] },
    });
    for (const file of ['0.log', '2.log', '2.log.20261101', 'x']) write(`var/log/pods/shop_web-0_u-1/app/${file}`, '');
    expect((await read(scope)).sources).toEqual([
      {
        runtime: 'containerd',
        annotations,
        labels: {},
        program: '/app',
        variables: { NOMAD_JOB_NAME: 'j' },
        restartCount: 2,
      },
    ]);
  });

  test('a pod that is called like a path leads nowhere', async () => {
    const climbing = { ...annotations, 'io.kubernetes.cri.container-name': '../../../../secret' };
    write(`tasks/k8s.io/${id}/config.json`, { annotations: climbing });
    write('var/secret/7.log', '');
    mkdirSync(join(tree.root, 'var/log/pods'), { recursive: true });
    expect((await read(scope)).sources[0]!.restartCount).toBeUndefined();
  });

  test("elsewhere: next to the working folder of the container's shim", async () => {
    write('cgroup/cgroup.procs', '7\n8\n');
    write('proc/7/stat', `7 (a b) c) S 5 ${'0 '.repeat(17)}1234 0`);
    write('proc/7/cgroup', `4:memory:/other\n0::${scope}\n`);
    write(`srv/io.containerd.runtime.v2.task/default/${id}/config.json`, { annotations: { 'nerdctl/name': 'n' } });
    mkdirSync(join(tree.root, 'proc/5'), { recursive: true });
    symlinkSync('/srv/io.containerd.runtime.v2.task/default/other', join(tree.root, 'proc/5/cwd'));
    expect((await read(scope)).sources).toMatchObject([{ annotations: { 'nerdctl/name': 'n' } }]);
    // The pid went to a process of somebody else.
    write('proc/7/cgroup', '0::/system.slice/cron.service\n');
    expect((await read(scope)).sources).toEqual([]);
  });

  test("cri-dockerd's containers look like containerd's, until docker's files tell", async () => {
    write(`docker/containers/${id}/config.v2.json`, { Name: '/k8s_app' });
    const path = `/kubepods/podaabbccdd-1122-3344-5566-778899aabbcc/${id}`;
    expect((await read(path)).sources).toMatchObject([{ runtime: 'docker', runtimeName: '/k8s_app' }]);
  });
});

describe('podman and cri-o', () => {
  test('name and image from the list, annotations from the bundle, health from its log', async () => {
    write('storage/overlay-containers/containers.json', [
      { id, names: ['db'], created: '2026-11-26T18:39:16Z', metadata: '{"image-name":"postgres:16","image-id":"ab"}' },
    ]);
    const annotations = { 'io.container.manager': 'libpod', 'io.kubernetes.cri-o.TTY': 'false' };
    write(`storage/overlay-containers/${id}/userdata/config.json`, { annotations });
    write(`storage/overlay-containers/${id}/userdata/healthcheck.log`, { status: 'unhealthy' });
    const { sources, watched } = await read(PODMAN);
    expect(sources).toEqual([
      {
        runtime: 'podman',
        runtimeName: 'db',
        image: 'postgres:16',
        imageId: 'ab',
        annotations,
        labels: {},
        program: undefined,
        variables: {},
        createdAtUnixMs: Date.parse('2026-11-26T18:39:16Z'),
        health: 'unhealthy',
      },
    ]);
    expect(watched).toHaveLength(2);
  });

  test("a user's: name from the user's home, start from the state of runc or crun in the user's run folder", async () => {
    write('etc/passwd', 'ana:x:1000:1000::/home/ana:/bin/sh\n');
    write('home/ana/.local/share/containers/storage/overlay-containers/containers.json', [{ id, names: ['db'] }]);
    write('storage/overlay-containers/containers.json', [{ id, names: ['of-root'] }]);
    const scope = (uid: number): string =>
      `/user.slice/user-${uid}.slice/user@${uid}.service/user.slice/libpod-${id}.scope`;
    const { sources, watched } = await read(scope(1000));
    expect(sources).toMatchObject([{ runtimeName: 'db', startedAtUnixMs: undefined }]);
    write(`run/user/1000/crun/${id}/status`, { created: '2026-11-26T18:39:16.5Z', 'cgroup-path': '/docker/x' });
    expect((await read(scope(1000))).sources).toMatchObject([
      { startedAtUnixMs: Date.parse('2026-11-26T18:39:16.5Z') },
    ]);
    expect(watched).toContain(join(tree.root, `run/user/1000/runc/${id}/state.json`));
    expect((await read(scope(1001))).sources).toEqual([]);
  });

  test('another storage driver, and a transient store', async () => {
    write('run/vfs-containers/volatile-containers.json', [{ id, names: ['db'] }]);
    expect((await read(PODMAN)).sources).toMatchObject([{ runtime: 'podman', runtimeName: 'db' }]);
  });

  test('cri-o', async () => {
    const annotations = {
      'io.kubernetes.cri-o.ContainerType': 'container',
      'io.kubernetes.container.name': 'app',
      'io.kubernetes.container.restartCount': '4',
    };
    write(`run/overlay-containers/${id}/userdata/config.json`, { annotations });
    write('storage/overlay-containers/containers.json', [{ id, names: ['k8s_app_web_shop'] }]);
    expect((await read(`/kubepods/besteffort/pod0123456789abcdef0123456789abcdef/crio-${id}`)).sources).toMatchObject([
      { runtime: 'cri-o', annotations },
    ]);
  });
});

describe('others', () => {
  test('nspawn: its start, from machined', async () => {
    write('run/systemd/machines/web', '# private\nCLASS=container\nREALTIME=1700000000000000\nLEADER=4711\n');
    const { sources } = await read('/machine.slice/systemd-nspawn@web.service');
    expect(sources).toMatchObject([{ startedAtUnixMs: 1_700_000_000_000 }]);
  });

  test.each([
    { path: '/lxc/101', file: 'etc/pve/lxc/101.conf', text: 'arch: amd64\nhostname: mail\n' },
    { path: '/qemu.slice/102.scope', file: 'etc/pve/qemu-server/102.conf', text: 'name: mail\nscsi0: x\n' },
  ])('Proxmox: $path has a name', async ({ path, file, text }) => {
    write(file, text);
    expect((await read(path)).sources).toMatchObject([{ runtimeName: 'mail' }]);
  });

  test.each([
    {
      path: '/mesos/0a1b',
      environ: 'HOME=/\0MARATHON_APP_ID=/shop/web\0MESOS_TASK_ID=t-1\0TOKEN=secret\0',
      name: 't-1',
    },
    {
      path: '/nomad/0a1b2c3d-0000-1111-2222-333344445555.web',
      environ: 'NOMAD_JOB_NAME=shop\0TOKEN=secret\0',
      name: undefined,
    },
  ])('$path: job and app by the environment, and nothing else of it', async ({ path, environ, name }) => {
    write('cgroup/cgroup.procs', '7\n');
    write('proc/7/stat', `7 (x) S 5 ${'0 '.repeat(17)}1234 0`);
    write('proc/7/cgroup', `0::${path}\n`);
    write('proc/7/environ', environ);
    const { sources } = await read(path);
    expect(sources).toMatchObject([{ runtimeName: name }]);
    expect(Object.keys(sources[0]!.variables!)).not.toEqual([]);
    expect(JSON.stringify(sources)).not.toContain('secret');
  });

  test('runc: the bundle that its state names', async () => {
    write('bundles/c1/config.json', { annotations: { 'nerdctl/name': 'n' } });
    const { sources } = await read('/system.slice/runc-c1.scope', { bundle: '/bundles/c1' });
    expect(sources).toMatchObject([{ annotations: { 'nerdctl/name': 'n' } }]);
  });
});

describe('files of somebody who means harm', () => {
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
    {
      name: 'a FIFO and a link in their place',
      prepare: () => {
        mkdirSync(join(tree.root, `docker/containers/${id}`), { recursive: true });
        run('mkfifo', join(tree.root, `docker/containers/${id}/config.v2.json`));
        write('secret.json', { annotations: { stolen: 'yes' } });
        mkdirSync(join(tree.root, `tasks/ns/${id}`), { recursive: true });
        symlinkSync(join(tree.root, 'secret.json'), join(tree.root, `tasks/ns/${id}/config.json`));
      },
    },
  ])('$name: no metadata, no error', async ({ prepare }) => {
    prepare();
    expect(await read(`/any/${id}`)).toEqual({ sources: [], watched: [] });
  });

  test('an id never leaves its folder', async () => {
    write('config.json', { annotations: { stolen: 'yes' } });
    mkdirSync(join(tree.root, 'tasks/ns/x'), { recursive: true });
    for (const bad of ['..', '.', 'a b', '...'])
      expect((await read(`/system.slice/runc-${bad}.scope`)).sources).toEqual([]);
  });
});
