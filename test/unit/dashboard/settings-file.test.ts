import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dashboardSchema, loadDashboardConfig, type DashboardConfig } from '../../../dashboard/config.ts';
import { INTEGRATION_SETTINGS } from '../../../dashboard/model/integration.ts';
import { settingsFile } from '../../../dashboard/settings-file.ts';

const FLAGS = {
  listen: ['127.0.0.1:9000', '[::1]:9000'],
  trustedProxy: '10.0.0.0/8,192.0.2.7',
  forwardAuthHeader: 'Remote-User',
  adminGroups: 'ops',
  dataDir: '/tmp/weft-x',
  historyMaxBytes: '64MiB',
  remoteReadUrl: 'http://prom:9090/',
  publicUrl: 'https://weft.example',
  groupWait: '0s',
  repeatInterval: '90m',
  allowPrivateTargets: '10.0.0.0/8',
  etcdEndpoints: 'http://10.0.0.1:2379',
  etcdUsername: 'weft',
  logLevel: 'warn',
};
const SECRETS = {
  webhook: ['https://hooks.example/very-hidden'],
  remoteWriteUrl: 'http://prom:9090/api/v1/write?token=very-hidden',
  etcdPassword: 'pass-word',
  webhookSecret: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
};

const load = (flags: object, configFile?: string): DashboardConfig =>
  loadDashboardConfig({ flags: { ...flags }, env: {}, configFile });

test('what is in force, written down and read again, is the same, but for what is secret', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weft-test-settings-'));
  try {
    const { text } = settingsFile(load({ ...FLAGS, ...SECRETS }));
    for (const secret of ['very-hidden', 'pass-word', SECRETS.webhookSecret]) expect(text).not.toContain(secret);
    expect(text).toMatch(/^# webhook: is set, and not shown$/m);
    await writeFile(join(folder, 'd.yaml'), text);
    expect(load(SECRETS, join(folder, 'd.yaml'))).toEqual(load({ ...FLAGS, ...SECRETS }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('what is as by default is left out', () => {
  expect(settingsFile(load({ dataDir: '/tmp/weft-x' })).text).toBe(
    '# What is not as by default, for the file of --config.\n\ndataDir: /tmp/weft-x\n',
  );
});

test('what is said to configure an integration is a setting', () => {
  const known = Object.keys(dashboardSchema.shape);
  expect(
    Object.values(INTEGRATION_SETTINGS)
      .flat()
      .filter((name) => !known.includes(name)),
  ).toEqual([]);
});
