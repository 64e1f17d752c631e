import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { runcRoom } from '../../support/runc.ts';
import { startStatsd } from '../../support/statsd.ts';
import { until } from '../../support/until.ts';

test('gauges of all containers reach a StatsD daemon over UDP', async () => {
  const daemon = createSocket('udp4');
  daemon.bind(0, '127.0.0.1');
  await once(daemon, 'listening');
  using _daemon = { [Symbol.dispose]: () => daemon.close() };
  const lines: string[] = [];
  daemon.on('message', (message) => lines.push(...message.toString('utf8').split('\n')));
  await using room = runcRoom('push');
  room.run('web', { annotations: { 'org.weft.container.name': 'shop' }, resources: { memory: { limit: 32 << 20 } } });
  await using statsd = await startStatsd([
    ...['--cgroup-root', room.cgroupRoot, '--runc-root', room.root, '--hostname', 'h1'],
    ...['--statsd-to', `127.0.0.1:${daemon.address().port}`, '--statsd-interval', '1s'],
  ]);
  const tagged = 'weft.container.memory.limit_bytes:33554432|g|#host:h1,container_name:shop,';
  await until(() => lines.some((line) => line.startsWith(tagged)), { what: 'the limit of the container' });
  expect(lines.every((line) => /^weft\.container\.[a-z_.]+:[\d.]+\|g\|#/.test(line))).toBe(true);
  const metrics = await statsd.metrics();
  expect(metrics).toMatch(/^weft_statsd_push_datagrams_sent_total [1-9]/m);
  expect(metrics).toMatch(/^weft_statsd_push_datagrams_dropped_total 0$/m);
  expect(metrics).toMatch(/^weft_statsd_push_errors_total 0$/m);
});
