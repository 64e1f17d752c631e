import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { podUidOf, recognise, unescapeUnit, userOf, userOfRunFolder } from '../../../../statsd/model/container.ts';
import { _uid, alloc, containers, id, others, outer, pod, uid, user } from './container-paths.ts';

describe('recognise', () => {
  test.each(containers)('$path', ({ path, runtime, id: want = id, kind = 'container', name }) => {
    const { guessed, tags, ...rest } = recognise(path) as Extract<ReturnType<typeof recognise>, { role: 'container' }>;
    expect(rest).toEqual({ role: 'container', kind, runtime, id: want, name });
    // Only cri-dockerd makes the directories of another runtime.
    expect(guessed).toBe(runtime === 'containerd' && /\/pod[^/]+\/[0-9a-f]{64}$/.test(path));
    expect(tags['kube_pod_uid'] !== undefined).toBe(path.includes('kubepods'));
  });

  test.each(others)('$what is no container', ({ path, role }) => {
    expect(recognise(path)).toEqual({ role });
  });

  test.each([
    { path: '/system.slice/cron.service', off: 'parent', system: 'container', all: 'container' },
    {
      path: '/system.slice/system-getty.slice/getty@tty1.service',
      off: 'parent',
      system: 'container',
      all: 'container',
    },
    { path: `${user}/app.slice/sync.service`, off: 'parent', system: 'parent', all: 'container' },
    { path: user, off: 'parent', system: 'parent', all: 'parent' },
  ] as const)('services: $path', ({ path, ...want }) => {
    for (const services of ['off', 'system', 'all'] as const)
      expect(recognise(path, { services }).role).toBe(want[services]);
  });

  test('units in a container are the business of the init there', () => {
    const path = `/docker/${outer}/system.slice/cron.service`;
    expect(recognise(path, { services: 'all', inside: true })).toEqual({ role: 'excluded' });
  });

  test('a service is known by its name', () => {
    const found = recognise(String.raw`/system.slice/my\x2dapp@1.service`, { services: 'system' });
    expect(found).toMatchObject({ runtime: 'systemd', kind: 'service', name: 'my-app@1.service' });
  });

  test('a task of Nomad tells its allocation', () => {
    expect(recognise(`/nomad/${alloc}.web`)).toMatchObject({ tags: { nomad_alloc: alloc, nomad_task: 'web' } });
  });

  test('any path is something, and an id is never empty', () => {
    const word = fc.oneof(
      fc.constantFrom('docker', 'kubepods', 'lxc', 'mesos', 'machine', id, pod, `docker-${id}.scope`, 'a.service'),
      fc.string({ maxLength: 40 }),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (words) => {
        const found = recognise(`/${words.join('/')}`, { services: 'all' });
        return found.role !== 'container' || found.id.length > 0;
      }),
    );
  });
});

describe('parts of a path', () => {
  test.each([
    { path: `/kubepods/burstable/${pod}/${id}`, want: uid },
    { path: `/kubepods.slice/kubepods-pod${_uid}.slice/cri-containerd-${id}.scope`, want: uid },
    { path: `/x.service/kubepods-besteffort-pod${_uid}.slice:cri-containerd:${id}`, want: uid },
    { path: `/kubepods/pod0f1e2d3c4b5a69788796a5b4c3d2e1f0/${id}`, want: '0f1e2d3c4b5a69788796a5b4c3d2e1f0' },
    { path: `/machine.slice/machine-libpod_pod_${id}.slice`, want: undefined },
    { path: `/docker/${id}`, want: undefined },
  ])('pod of $path', ({ path, want }) => {
    expect(podUidOf(path)).toBe(want);
  });

  test.each([
    { path: `${user}/app.slice/docker-${id}.scope`, want: 1000 },
    { path: '/user.slice/user-0.slice/session-1.scope', want: 0 },
    { path: `/docker/${id}`, want: undefined },
    { path: `/docker/${id}/user.slice/user-1000.slice/x`, want: undefined },
  ])('user of $path', ({ path, want }) => {
    expect(userOf(path)).toBe(want);
  });

  test.each([
    { path: '/run/user/1000/podman/podman.sock', want: 1000 },
    { path: '/host/run/user/0/docker.sock', want: 0 },
    { path: '/run/user/1000', want: undefined },
    { path: '/run/user/ana/x', want: undefined },
    { path: '/run/docker.sock', want: undefined },
  ])('user of $path', ({ path, want }) => {
    expect(userOfRunFolder(path)).toBe(want);
  });

  test('what systemd escapes', () => {
    expect(unescapeUnit(String.raw`a\x2db\x40c\xzz`)).toBe(String.raw`a-b@c\xzz`);
  });
});
