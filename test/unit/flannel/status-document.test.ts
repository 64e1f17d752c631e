import { expect, test } from 'vitest';
import { statusDocument } from '../../../flannel/status-document.ts';
import { flannelStatusSchema } from '../../../flannel/status-wire.ts';
import { FlannelStatus } from '../../../flannel/status.ts';
import { createLogger } from '../../../native/host/log.ts';

const log = createLogger({ name: 'test', level: 'fatal' });

/** As a reader gets it. */
function read(status: FlannelStatus): unknown {
  return flannelStatusSchema.parse(JSON.parse(JSON.stringify(statusDocument(status, 1_000))));
}

test('an agent that has just started tells only what it knows', () => {
  expect(read(new FlannelStatus(log))).toEqual({
    v: 1,
    startedAtUnixMs: 1_000,
    readiness: { ready: false, reason: 'no subnet is leased yet' },
    problems: [],
    peers: { wanted: 0 },
    repairs: {},
    watch: { connected: false, resyncs: {} },
    mtus: {},
  });
});

test('what the parts tell is put together', () => {
  const status = new FlannelStatus(log);
  status.sources.lease = () => ({ subnets: ['10.5.1.0/24'], etcdLeaseId: '32695f' });
  status.leaseSecondsLeft = () => 86_399.6;
  status.sources.peers = () => [
    { subnets: ['10.5.2.0/24'], backend: 'vxlan', via: 'vxlan', state: 'programmed' },
    { subnets: ['10.5.3.0/24'], backend: 'vxlan', via: 'vxlan', state: 'failed', error: 'EEXIST' },
    { subnets: ['10.5.4.0/24'], backend: 'vxlan', via: 'vxlan', state: 'held' },
  ];
  status.sources.etcd = () => ({ endpoint: 'http://a:1', endpoints: ['http://a:1'], prefix: '/p' });
  status.counters.repairsByKind.set('add-route', 2);
  status.listed('start');
  status.listed('interval');
  status.listed('interval');
  status.etcd('a:1 is away');
  status.lease('the lease runs out');
  status.peers('EEXIST');
  status.reached('leaseHeld');
  expect(read(status)).toMatchObject({
    readiness: { ready: false },
    problems: [
      { subject: 'etcd', sentence: 'a:1 is away' },
      { subject: 'subnet lease', sentence: 'the lease runs out' },
      { subject: 'peers', sentence: 'EEXIST' },
    ],
    lease: { subnets: ['10.5.1.0/24'], secondsLeft: 86_400, etcdLeaseId: '32695f', problem: 'the lease runs out' },
    peers: { wanted: 2, programmed: 1, failed: 1, held: 1, pending: 0 },
    repairs: { 'add-route': 2 },
    watch: { connected: false, resyncs: { start: 1, interval: 2 } },
    etcd: { endpoint: 'http://a:1', problem: 'a:1 is away' },
  });
  status.etcd(undefined);
  status.lease(undefined);
  expect(read(status)).toMatchObject({
    problems: [{ subject: 'peers', sentence: 'EEXIST' }],
    watch: { connected: true },
  });
});
