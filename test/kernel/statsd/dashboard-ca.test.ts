import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePort } from '../../../cli/demo/ports.ts';
import { makeAuthority } from '../../support/certificates.ts';
import { listenForAgents } from '../../support/dashboard-ear.ts';
import { startWeft } from '../../support/processes.ts';
import { startStatsd } from '../../support/statsd.ts';
import { until } from '../../support/until.ts';

function useFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'weft-test-ca-'));
  return {
    path,
    [Symbol.dispose]: () => {
      rmSync(path, { recursive: true });
    },
  };
}

test('a dashboard of an own CA is believed by --dashboard-ca alone, and by the file as it is now', async () => {
  using folder = useFolder();
  const [own, other] = [makeAuthority(folder.path, 'own'), makeAuthority(folder.path, 'other')];
  const files = own.issue({ name: 'dashboard', hosts: ['IP:127.0.0.1'] });
  const port = await freePort();
  const tls = { cert: readFileSync(files.cert), key: readFileSync(files.key) };
  await using dashboard = await listenForAgents(port, 'secret', tls);
  const believed = join(folder.path, 'believed.pem');
  copyFileSync(other.ca, believed);
  await using statsd = await startStatsd([
    ...['--cgroup-root', '/weft-test/ca', '--interval', '200ms', '--dashboard-ca', believed],
    ...['--dashboard', `https://127.0.0.1:${port}`, '--agent-token', 'secret'],
  ]);
  const complaint = /cannot reach dashboard \S+ websocket error: (?:unable to|self.signed).*; trying on/;
  await until(() => statsd.process.logs().some(({ msg }) => complaint.test(String(msg))), {
    what: 'the log says that the certificate is not believed',
  });
  copyFileSync(own.ca, believed);
  await until(() => dashboard.inventories.length > 0, { what: 'the new file is believed', timeoutMs: 20_000 });
  expect(dashboard.refusals).toEqual([]);
});

test('a CA file that is missing is one sentence at the start', async () => {
  using folder = useFolder();
  const [missing, state] = [join(folder.path, 'missing.pem'), join(folder.path, 'state')];
  await using weft = await startWeft(['statsd', '--listen', 'off', '--state-dir', state, '--dashboard-ca', missing]);
  expect((await weft.exited).code).toBe(1);
  expect(weft.stderr()).toContain(`cannot read a CA certificate from ${missing}`);
});
