import { describe, expect, test } from 'vitest';
import { recognise, type Runtime } from '../../../../statsd/model/container.ts';

const id = '3f29c1d0a4be5f6677889900aabbccddeeff00112233445566778899aabbcc01';
const pod = 'poda1b2c3d4-e5f6-7890-abcd-ef1234567890';
const podSlice = 'a1b2c3d4_e5f6_7890_abcd_ef1234567890';

const containers: { name: string; path: string; runtime: Runtime | undefined; id?: string }[] = [
  { name: 'docker, cgroupfs', path: `/docker/${id}`, runtime: 'docker' },
  { name: 'docker, systemd', path: `/system.slice/docker-${id}.scope`, runtime: 'docker' },
  { name: 'docker, systemd, own parent', path: `/my.slice/docker-${id}.scope`, runtime: 'docker' },
  {
    name: 'docker, rootless',
    path: `/user.slice/user-1000.slice/user@1000.service/app.slice/docker-${id}.scope`,
    runtime: 'docker',
  },
  { name: 'docker, cgroupfs, own parent', path: `/batch/${id}`, runtime: undefined },
  {
    name: 'docker build step, cgroupfs',
    path: '/docker/buildkit/0123456789abcdefghijklmno',
    runtime: 'docker',
    id: '0123456789abcdefghijklmno',
  },
  {
    name: 'docker build step, systemd',
    path: '/system.slice/docker-buildkit.slice:docker:0123456789abcdefghijklmno',
    runtime: 'docker',
    id: '0123456789abcdefghijklmno',
  },
  { name: 'nerdctl, systemd', path: `/system.slice/nerdctl-${id}.scope`, runtime: 'containerd' },
  { name: 'containerd in Kubernetes, cgroupfs', path: `/kubepods/burstable/${pod}/${id}`, runtime: 'containerd' },
  { name: 'containerd in Kubernetes, cgroupfs, guaranteed', path: `/kubepods/${pod}/${id}`, runtime: 'containerd' },
  {
    name: 'containerd in Kubernetes, systemd',
    path: `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${podSlice}.slice/cri-containerd-${id}.scope`,
    runtime: 'containerd',
  },
  {
    name: 'kubelet with systemd, containerd without',
    path: `/system.slice/containerd.service/kubepods-besteffort-pod${podSlice}.slice:cri-containerd:${id}`,
    runtime: 'containerd',
  },
  {
    name: 'k3s',
    path: `/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod${podSlice}.slice/cri-containerd-${id}.scope`,
    runtime: 'containerd',
  },
  { name: 'cri-o, cgroupfs', path: `/kubepods/besteffort/${pod}/crio-${id}`, runtime: 'cri-o' },
  { name: 'cri-o, systemd', path: `/kubepods.slice/kubepods-pod${podSlice}.slice/crio-${id}.scope`, runtime: 'cri-o' },
  { name: 'podman, cgroupfs', path: `/libpod_parent/libpod-${id}`, runtime: 'podman' },
  { name: 'podman, cgroupfs, in a pod', path: `/libpod_parent/${id}/libpod-${id}`, runtime: 'podman' },
  { name: 'podman, systemd', path: `/machine.slice/libpod-${id}.scope`, runtime: 'podman' },
  {
    name: 'podman, systemd, in a pod',
    path: `/machine.slice/machine-libpod_pod_${id}.slice/libpod-${id}.scope`,
    runtime: 'podman',
  },
  {
    name: 'podman, rootless',
    path: `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${id}.scope`,
    runtime: 'podman',
  },
  { name: 'podman, quadlet', path: `/system.slice/web.service/libpod-payload-${id}`, runtime: 'podman' },
  { name: 'crun, systemd', path: '/system.slice/crun-web-1.scope', runtime: 'crun', id: 'web-1' },
  { name: 'runc, systemd', path: '/system.slice/runc-web-1.scope', runtime: 'runc', id: 'web-1' },
];

const others: { name: string; path: string; kind: 'parent' | 'excluded' }[] = [
  { name: 'the root', path: '/', kind: 'parent' },
  { name: "docker's parent", path: '/docker', kind: 'parent' },
  { name: 'buildkit', path: '/docker/buildkit', kind: 'parent' },
  { name: 'a slice', path: '/system.slice', kind: 'parent' },
  { name: 'a service, which may hold a quadlet', path: '/system.slice/web.service', kind: 'parent' },
  { name: 'a plain runc container: only a state file tells', path: '/default/web', kind: 'parent' },
  { name: 'a pod', path: `/kubepods/burstable/${pod}`, kind: 'parent' },
  { name: "podman's pod, cgroupfs", path: `/libpod_parent/${id}`, kind: 'parent' },
  { name: "cri-o's infra cgroup", path: `/kubepods.slice/kubepods-pod${podSlice}.slice/crio-${id}`, kind: 'parent' },
  { name: 'an id that is too short', path: '/docker/3f29c1d0', kind: 'parent' },
  { name: 'an id in capitals', path: `/docker/${id.toUpperCase()}`, kind: 'parent' },
  { name: "podman's conmon, systemd", path: `/machine.slice/libpod-conmon-${id}.scope`, kind: 'excluded' },
  { name: "podman's conmon, cgroupfs", path: '/libpod_parent/conmon', kind: 'excluded' },
  { name: "cri-o's conmon", path: `/kubepods.slice/crio-conmon-${id}.scope`, kind: 'excluded' },
  { name: 'a mount unit', path: '/system.slice/var-lib-docker.mount', kind: 'excluded' },
  { name: 'a socket unit', path: '/system.slice/docker.socket', kind: 'excluded' },
  { name: 'init.scope', path: '/init.scope', kind: 'excluded' },
  { name: 'a login session', path: '/user.slice/user-0.slice/session-1.scope', kind: 'excluded' },
  { name: 'a transient unit', path: '/system.slice/run-r123.scope', kind: 'excluded' },
  { name: "LXC's monitor", path: '/lxc.monitor.web', kind: 'excluded' },
];

describe('recognise', () => {
  test.each(containers)('$name', ({ path, runtime, id: want = id }) => {
    expect(recognise(path)).toEqual({ kind: 'container', runtime, id: want });
  });

  test.each(others)('$name is no container', ({ path, kind }) => {
    expect(recognise(path)).toEqual({ kind });
  });
});
