import { createSocket } from 'node:dgram';
import { describe, expect, test } from 'vitest';
import { parseStatsd } from '../../statsd/model/statsd-text.ts';
import { until } from '../support/until.ts';
import { common, payload, send } from './channel-fixture.ts';

describe('StatsD', () => {
  const spec = (port: number) => ({ type: 'statsd', ...common, host: '127.0.0.1', port }) as const;

  test('gets a check for each alert, and the OK at its end', async () => {
    const socket = createSocket('udp4');
    const heard: string[] = [];
    socket.on('message', (datagram) => heard.push(datagram.toString('utf8')));
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    try {
      const { port } = socket.address();
      expect(await send(spec(port))).toMatchObject({ kind: 'sent', status: 'udp' });
      const { alerts } = payload();
      await send(spec(port), {
        payload: payload({ alerts: alerts.map((alert) => ({ ...alert, status: 'resolved' })) }),
      });
      const checks = await until(() => heard.length === 2 && heard.flatMap((text) => parseStatsd(text).lines), {
        what: 'two datagrams',
      });
      expect(checks).toMatchObject([
        { what: 'check', name: 'weft.A', state: 'critical' },
        { what: 'check', name: 'weft.A', state: 'ok' },
      ]);
      expect(heard.join('')).not.toContain('\n');
    } finally {
      socket.close();
    }
  });

  test('of a daemon that is not there the kernel tells, and it is tried again', async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const { port } = socket.address();
    await new Promise<void>((resolve) => socket.close(resolve));
    expect(await send(spec(port))).toMatchObject({ kind: 'retry', heard: false });
  });
});
