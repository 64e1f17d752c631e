import { expect, test } from 'vitest';
import { hardwareSchema } from '../../../statsd/status-wire.ts';
import { run } from '../../support/netns.ts';
import { httpGet } from '../../support/processes.ts';
import { startStatsd } from '../../support/statsd.ts';

test('what the host is made of, looked up when somebody asks', async () => {
  await using statsd = await startStatsd(['--cgroup-root', '/weft-test/none']);
  const [first, second] = await Promise.all([1, 2].map(() => httpGet(`http://${statsd.listen}/api/v1/host/hardware`)));
  expect(first!.status).toBe(200);
  expect(second!.body).toBe(first!.body);
  const found = hardwareSchema.parse(JSON.parse(first!.body));
  expect(found.cpu.sockets).toBe(Number(/^Socket\(s\): +(\d+)$/m.exec(run('lscpu'))![1]));
  expect(found.os.architecture).toBe(process.arch);
  const text = await statsd.metrics();
  const kilobytes = Number(/^SwapTotal: +(\d+) kB$/m.exec(run('cat', '/proc/meminfo'))![1]);
  expect(text).toMatch(new RegExp(`^machine_swap_bytes ${kilobytes * 1024}$`, 'm'));
});
