import { expect, test } from 'vitest';
import { ociConfig } from '../../../../cli/demo/oci-config.ts';
import { workloadsOf, type WorkloadSettings } from '../../../../cli/demo/workloads.ts';

const settings: WorkloadSettings = {
  hosts: 3,
  hostNumber: 1,
  cores: 2,
  pagesFolder: '/d/www',
  diskFolder: '/d/disk',
  disk: { major: 254, minor: 0 },
  peerWebAddress: '10.244.2.2',
};

const names = (load: boolean): string[] => workloadsOf(settings, load).map(({ name }) => name);

test('under load: five containers, the web server first', () => {
  expect(names(true)).toEqual(['web', 'client', 'cpu-wave', 'memory-wave', 'disk-writer']);
});

test('without load: a web server and two that sleep', () => {
  expect(names(false)).toEqual(['web', 'idle-1', 'idle-2']);
});

test.each([
  { hosts: 1, cores: 1, quota: 0.35 },
  { hosts: 1, cores: 64, quota: 0.4 },
  { hosts: 3, cores: 2, quota: 0.23 },
  { hosts: 16, cores: 2, quota: 0.04 },
  { hosts: 16, cores: 1, quota: 0.03 },
])('$hosts CPU waves on $cores cores may take $quota each', ({ hosts, cores, quota }) => {
  const wave = workloadsOf({ ...settings, hosts, cores }, true).find(({ name }) => name === 'cpu-wave');
  expect(wave?.cpuLimitCores).toBe(quota);
});

test('the client asks the other host', () => {
  expect(workloadsOf(settings, true)[1]?.script).toContain('http://10.244.2.2/');
});

test('an OCI configuration has the limits that the workload names, and no others', () => {
  const [web, client, wave, , disk] = workloadsOf(settings, true).map((workload) =>
    ociConfig(workload, { rootfs: '/d/rootfs', cgroup: `/weft-demo/weft-h1/${workload.name}` }),
  );
  const always = { devices: [{ allow: false, access: 'rwm' }], pids: { limit: 32 } };
  expect(web).toMatchObject({ linux: { resources: { ...always, memory: { limit: 32 * 1024 * 1024 } } } });
  expect(client).toMatchObject({ linux: { cgroupsPath: '/weft-demo/weft-h1/client' } });
  expect((client as { linux: { resources: object } }).linux.resources).toEqual(always);
  expect(wave).toMatchObject({ linux: { resources: { cpu: { period: 100_000, quota: 23_000 } } } });
  expect(disk).toMatchObject({
    linux: { resources: { blockIO: { throttleWriteBpsDevice: [{ major: 254, minor: 0, rate: 16 * 1024 * 1024 }] } } },
  });
});

test('a container sees its root and the pages read-only, its data writable', () => {
  const [web, , , , disk] = workloadsOf(settings, true).map((workload) =>
    ociConfig(workload, { rootfs: '/d/rootfs', cgroup: '/c' }),
  ) as { root: object; mounts: { destination: string; options: string[] }[] }[];
  expect(web!.root).toEqual({ path: '/d/rootfs', readonly: true });
  expect(web!.mounts.find(({ destination }) => destination === '/www')?.options).toContain('ro');
  expect(disk!.mounts.find(({ destination }) => destination === '/data')?.options).toContain('rw');
});
