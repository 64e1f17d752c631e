/** Paths as runtimes make them, with both cgroup drivers; the same below every v1 hierarchy, a hybrid host's v2 tree and pure v2. */
import type { ContainerKind, Runtime } from '../../../../statsd/model/container.ts';

export const id = '3f29c1d0a4be5f6677889900aabbccddeeff00112233445566778899aabbcc01';
export const outer = 'aa29c1d0a4be5f6677889900aabbccddeeff00112233445566778899aabbcc02';
export const uid = 'a1b2c3d4-e5f6-7890-abcd-ef1234567890';
export const pod = `pod${uid}`;
export const _uid = uid.replaceAll('-', '_');
export const alloc = '0a1b2c3d-1111-2222-3333-444455556666';
export const user = '/user.slice/user-1000.slice/user@1000.service';
const step = '0123456789abcdefghijklmno';

interface Case {
  readonly path: string;
  readonly runtime: Runtime | undefined;
  readonly id?: string;
  readonly kind?: ContainerKind;
  readonly name?: string;
}

const docker: Case[] = [
  { path: `/docker/${id}`, runtime: 'docker' },
  { path: `/system.slice/docker-${id}.scope`, runtime: 'docker' },
  { path: `/my.slice/docker-${id}.scope`, runtime: 'docker' },
  { path: `/batch/${id}`, runtime: undefined },
  { path: `${user}/app.slice/docker-${id}.scope`, runtime: 'docker' },
  { path: `${user}/user.slice/docker-${id}.scope`, runtime: 'docker' },
  { path: `/docker/buildkit/${step}`, runtime: 'docker', id: step, kind: 'build' },
  { path: `/system.slice/docker-buildkit.slice:docker:${step}`, runtime: 'docker', id: step, kind: 'build' },
  { path: `/ecs/0f1e2d3c4b5a69788796a5b4c3d2e1f0/${id}`, runtime: 'docker' },
  { path: `/ecs/shop/0f1e2d3c4b5a69788796a5b4c3d2e1f0/${id}`, runtime: 'docker' },
  { path: `/ecstasks.slice/ecstasks-0f1e2d3c.slice/docker-${id}.scope`, runtime: 'docker' },
];

const containerd: Case[] = [
  { path: `/default/${id}`, runtime: undefined },
  { path: `/system.slice/nerdctl-${id}.scope`, runtime: 'containerd' },
  { path: `${user}/user.slice/nerdctl-${id}.scope`, runtime: 'containerd' },
  { path: '/system.slice/runc-web-1.scope', runtime: 'runc', id: 'web-1' },
  { path: '/system.slice/crun-web-1.scope', runtime: 'crun', id: 'web-1' },
  { path: `${user}/user.slice/runc-web.scope`, runtime: 'runc', id: 'web' },
];

const kubernetes: Case[] = [
  { path: `/kubepods/${pod}/${id}`, runtime: 'containerd' },
  { path: `/kubepods/burstable/${pod}/${id}`, runtime: 'containerd' },
  { path: `/kubepods/besteffort/pod0f1e2d3c4b5a69788796a5b4c3d2e1f0/${id}`, runtime: 'containerd' },
  { path: `/kubepods.slice/kubepods-pod${_uid}.slice/cri-containerd-${id}.scope`, runtime: 'containerd' },
  {
    path: `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${_uid}.slice/cri-containerd-${id}.scope`,
    runtime: 'containerd',
  },
  { path: `/kubepods.slice/kubepods-pod${_uid}.slice/docker-${id}.scope`, runtime: 'docker' },
  {
    path: `/system.slice/containerd.service/kubepods-besteffort-pod${_uid}.slice:cri-containerd:${id}`,
    runtime: 'containerd',
  },
  { path: `/system.slice/crio.service/kubepods-pod${_uid}.slice:crio:${id}`, runtime: 'cri-o' },
  { path: `/system.slice/docker.service/kubepods-pod${_uid}.slice:docker:${id}`, runtime: 'docker' },
  {
    path: `/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod${_uid}.slice/cri-containerd-${id}.scope`,
    runtime: 'containerd',
  },
  { path: `/kubelet/kubepods/besteffort/${pod}/${id}`, runtime: 'containerd' },
  { path: `/k8s.slice/k8s-kubepods.slice/kubepods/burstable/${pod}/${id}`, runtime: 'containerd' },
  { path: `/kubepods/besteffort/${pod}/crio-${id}`, runtime: 'cri-o' },
  { path: `/kubepods.slice/kubepods-pod${_uid}.slice/crio-${id}.scope`, runtime: 'cri-o' },
  {
    path: `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${_uid}.slice/crio-${id}.scope`,
    runtime: 'cri-o',
  },
  { path: `/kubepods/burstable/${pod}/crio-${id}`, runtime: 'cri-o' },
  {
    // A static pod has a hash for its uid.
    path: `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0f1e2d3c4b5a69788796a5b4c3d2e1f0.slice/cri-containerd-${id}.scope`,
    runtime: 'containerd',
  },
  {
    path: `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${_uid}.slice/cri-containerd-${id}.scope`,
    runtime: 'containerd',
  },
  {
    path: `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${_uid}.slice/docker-${id}.scope`,
    runtime: 'docker',
  },
];

const podman: Case[] = [
  { path: `/libpod_parent/libpod-${id}`, runtime: 'podman' },
  { path: `/libpod_parent/${outer}/libpod-${id}`, runtime: 'podman' },
  { path: `/machine.slice/libpod-${id}.scope`, runtime: 'podman' },
  { path: `/machine.slice/machine-libpod_pod_${outer}.slice/libpod-${id}.scope`, runtime: 'podman' },
  { path: `${user}/user.slice/libpod-${id}.scope`, runtime: 'podman' },
  { path: `${user}/user.slice/user-libpod_pod_${outer}.slice/libpod-${id}.scope`, runtime: 'podman' },
  { path: `/system.slice/web.service/libpod-payload-${id}`, runtime: 'podman' },
  { path: `${user}/app.slice/web.service/libpod-payload-${id}`, runtime: 'podman' },
];

const machines: Case[] = [
  { path: '/lxc.payload.web', runtime: 'lxc', id: 'web', kind: 'machine', name: 'web' },
  { path: '/lxc.payload/web', runtime: 'lxc', id: 'web', kind: 'machine', name: 'web' },
  { path: '/lxc/web', runtime: 'lxc', id: 'web', kind: 'machine', name: 'web' },
  { path: '/lxc/101', runtime: 'lxc', id: '101', kind: 'machine', name: '101' },
  { path: '/lxc.payload.shop_web', runtime: 'lxc', id: 'shop_web', kind: 'machine', name: 'shop_web' },
  { path: `${user}/lxc.payload.web`, runtime: 'lxc', id: 'web', kind: 'machine', name: 'web' },
  { path: '/machine.slice/systemd-nspawn@web.service', runtime: 'nspawn', id: 'web', kind: 'machine', name: 'web' },
  {
    path: String.raw`/machine.slice/systemd-nspawn@my\x2dweb.service`,
    runtime: 'nspawn',
    id: 'my-web',
    kind: 'machine',
    name: 'my-web',
  },
  {
    path: String.raw`/machine.slice/machine-my\x2dweb.scope`,
    runtime: 'nspawn',
    id: 'my-web',
    kind: 'machine',
    name: 'my-web',
  },
  {
    path: String.raw`/machine.slice/machine-qemu\x2d7\x2ddb\x2d1.scope`,
    runtime: 'libvirt',
    id: 'qemu-7-db-1',
    kind: 'vm',
    name: 'db-1',
  },
  {
    path: String.raw`/machine.slice/machine-lxc\x2d7\x2ddb.scope`,
    runtime: 'libvirt',
    id: 'lxc-7-db',
    kind: 'machine',
    name: 'db',
  },
  { path: '/machine/db.libvirt-lxc', runtime: 'libvirt', id: 'db', kind: 'machine', name: 'db' },
  { path: '/machine/db.libvirt-qemu', runtime: 'libvirt', id: 'db', kind: 'vm', name: 'db' },
  { path: '/qemu.slice/102.scope', runtime: 'libvirt', id: '102', kind: 'vm' },
];

const schedulers: Case[] = [
  { path: `/nomad/${alloc}.web`, runtime: 'nomad', id: `${alloc}.web`, name: 'web' },
  { path: `/nomad.slice/share.slice/${alloc}.web.scope`, runtime: 'nomad', id: `${alloc}.web`, name: 'web' },
  { path: `/nomad.slice/reserve.slice/${alloc}.my.web.scope`, runtime: 'nomad', id: `${alloc}.my.web`, name: 'my.web' },
  { path: '/mesos/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0', runtime: 'mesos', id: '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0' },
  { path: '/mesos/parent/mesos/check-1', runtime: 'mesos', id: 'check-1' },
];

const nested: Case[] = [
  { path: `/docker/${outer}/docker/${id}`, runtime: 'docker' },
  { path: `/system.slice/docker-${outer}.scope/docker/${id}`, runtime: 'docker' },
  { path: `/docker/${outer}/kubelet/kubepods/burstable/${pod}/${id}`, runtime: 'containerd' },
  {
    path: `/docker/${outer}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod${_uid}.slice/cri-containerd-${id}.scope`,
    runtime: 'containerd',
  },
  { path: `/lxc.payload.web/system.slice/docker-${id}.scope`, runtime: 'docker' },
  { path: '/lxc.payload.web/ns/lxc.payload.inner', runtime: 'lxc', id: 'inner', kind: 'machine', name: 'inner' },
];

export const others: { what: string; path: string; role: 'parent' | 'excluded' }[] = [
  { what: 'the root', path: '/', role: 'parent' },
  { what: "docker's parent", path: '/docker', role: 'parent' },
  { what: 'buildkit', path: '/docker/buildkit', role: 'parent' },
  { what: 'a slice', path: '/system.slice', role: 'parent' },
  { what: 'a service, which may hold a quadlet', path: '/system.slice/web.service', role: 'parent' },
  { what: 'a plain runc container: only a state file tells', path: '/default/web', role: 'parent' },
  { what: 'a pod', path: `/kubepods/burstable/${pod}`, role: 'parent' },
  { what: "podman's pod, cgroupfs", path: `/libpod_parent/${id}`, role: 'parent' },
  { what: "podman's pod, systemd", path: `/machine.slice/machine-libpod_pod_${id}.slice`, role: 'parent' },
  { what: "cri-o's infra cgroup", path: `/kubepods.slice/kubepods-pod${_uid}.slice/crio-${id}`, role: 'parent' },
  { what: 'an id that is too short', path: '/docker/3f29c1d0', role: 'parent' },
  { what: 'an id in capitals', path: `/docker/${id.toUpperCase()}`, role: 'parent' },
  { what: "crun's own directory in a scope", path: `/machine.slice/libpod-${id}.scope/container`, role: 'parent' },
  { what: "nspawn's payload", path: '/machine.slice/systemd-nspawn@web.service/payload', role: 'parent' },
  { what: "Proxmox's namespace", path: '/lxc/101/ns', role: 'parent' },
  { what: "Nomad's share", path: '/nomad.slice/share.slice', role: 'parent' },
  { what: 'an ECS task', path: '/ecs/0f1e2d3c4b5a69788796a5b4c3d2e1f0', role: 'parent' },
  { what: "a user's manager", path: user, role: 'parent' },
  { what: "podman's conmon, systemd", path: `/machine.slice/libpod-conmon-${id}.scope`, role: 'excluded' },
  { what: "podman's conmon, cgroupfs", path: '/libpod_parent/conmon', role: 'excluded' },
  { what: "cri-o's conmon", path: `/kubepods.slice/crio-conmon-${id}.scope`, role: 'excluded' },
  { what: 'a mount unit', path: '/system.slice/var-lib-docker.mount', role: 'excluded' },
  { what: 'a socket unit', path: '/system.slice/docker.socket', role: 'excluded' },
  { what: 'init.scope', path: '/init.scope', role: 'excluded' },
  { what: 'a login session', path: '/user.slice/user-0.slice/session-1.scope', role: 'excluded' },
  { what: 'a transient unit', path: '/system.slice/run-r123.scope', role: 'excluded' },
  { what: "LXC's monitor", path: '/lxc.monitor.web', role: 'excluded' },
  { what: "LXC's monitor after one that crashed", path: '/lxc.monitor.web-1', role: 'excluded' },
  { what: "LXD's monitor in a project", path: '/lxc.monitor.shop_web', role: 'excluded' },
  { what: "what an LXC container's init makes", path: '/lxc/web/system.slice', role: 'parent' },
  { what: "crun's own directory in cri-o's scope", path: `/kubepods.slice/crio-${id}.scope/container`, role: 'parent' },
  {
    what: "libvirt's own directory",
    path: String.raw`/machine.slice/machine-qemu\x2d7\x2ddb.scope/libvirt`,
    role: 'parent',
  },
  {
    what: "a machine's emulator",
    path: String.raw`/machine.slice/machine-qemu\x2d7\x2ddb.scope/libvirt/emulator`,
    role: 'excluded',
  },
  { what: 'the kubelet itself', path: '/system.slice/kubelet.service', role: 'parent' },
  { what: 'a QoS class', path: '/kubepods.slice/kubepods-burstable.slice', role: 'parent' },
  { what: "LXC's pivot, as 5.0.2 makes it on a hybrid host", path: '/lxc.pivot', role: 'excluded' },
  { what: "nspawn's payload without a service", path: '/payload', role: 'parent' },
  { what: "LXC's old monitor", path: '/lxc.monitor/web', role: 'parent' },
  { what: "nspawn's supervisor", path: '/machine.slice/systemd-nspawn@web.service/supervisor', role: 'excluded' },
  { what: "a virtual CPU's threads", path: '/machine/db.libvirt-qemu/vcpu0', role: 'excluded' },
  { what: 'the same id again, as WSL makes it', path: `/docker/${id}/docker/${id}`, role: 'excluded' },
];

export const containers: readonly Case[] = [
  ...docker,
  ...containerd,
  ...kubernetes,
  ...podman,
  ...machines,
  ...schedulers,
  ...nested,
];
