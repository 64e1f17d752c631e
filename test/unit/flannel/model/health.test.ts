import { describe, expect, test } from 'vitest';
import { unreadyReason, type HealthFacts } from '../../../../flannel/model/health.ts';

describe('readiness', () => {
  const fine: HealthFacts = {
    etcdProblem: undefined,
    configProblem: undefined,
    leaseProblem: undefined,
    kernelProblem: undefined,
    subnetFileProblem: undefined,
    firewallProblem: undefined,
    leaseHeld: true,
    subnetFileWritten: true,
    peersProgrammed: true,
    firewallInPlace: true,
  };
  test.each<{ name: string; facts: Partial<HealthFacts>; want: string | undefined }>([
    { name: 'ready', facts: {}, want: undefined },
    { name: 'an outage of etcd does not take it back', facts: { etcdProblem: 'etcd is away' }, want: undefined },
    { name: 'a lost subnet does', facts: { leaseProblem: 'lost' }, want: 'lost' },
    { name: 'a broken device does', facts: { kernelProblem: 'broken' }, want: 'broken' },
    { name: 'rules that cannot be set do', facts: { firewallProblem: 'no nft' }, want: 'no nft' },
    { name: 'before: etcd', facts: { leaseHeld: false, etcdProblem: 'etcd is away' }, want: 'etcd is away' },
    { name: 'before: config', facts: { leaseHeld: false, configProblem: 'no config' }, want: 'no config' },
    { name: 'before: no lease', facts: { leaseHeld: false }, want: 'no subnet is leased yet' },
    { name: 'before: peers', facts: { peersProgrammed: false }, want: 'the peers are not programmed yet' },
    { name: 'before: file', facts: { subnetFileWritten: false }, want: 'subnet.env is not written yet' },
    { name: 'before: rules', facts: { firewallInPlace: false }, want: 'the firewall rules are not set yet' },
    { name: 'before: no rules', facts: { firewallInPlace: false, firewallProblem: 'no nft' }, want: 'no nft' },
  ])('$name', ({ facts, want }) => {
    expect(unreadyReason({ ...fine, ...facts })).toBe(want);
  });
});
