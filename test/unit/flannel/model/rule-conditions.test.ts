import { describe, expect, test } from 'vitest';
import { parseNftListing } from '../../../../flannel/model/firewall-nft.ts';
import { conditionsMet, conditionsText } from '../../../../flannel/model/rule-conditions.ts';
import { fixture } from '../firewall-builders.ts';

const way = { input: 'cni0', output: 'eth0' };
const meta = (key: string, right: unknown, op = '=='): string =>
  JSON.stringify({ match: { op, left: { meta: { key } }, right } });
const state = (right: unknown, op = 'in'): string =>
  JSON.stringify({ match: { op, left: { ct: { key: 'state' } }, right } });

describe('whether the first packet of a connection meets them', () => {
  test.each([
    { text: '-o eth0', want: true },
    { text: '! -o eth0', want: false },
    { text: '-i cni+ -o eth1', want: false },
    { text: '-i cni+ ! -o docker0', want: true },
    { text: '-m conntrack --ctstate RELATED,ESTABLISHED', want: false },
    { text: '-m conntrack --ctstate NEW,RELATED', want: true },
    { text: '-m conntrack ! --ctstate NEW', want: false },
    { text: '-p tcp -m tcp --dport 80', want: undefined },
    { text: '-p tcp -o eth1', want: false },
    { text: '-m addrtype --dst-type LOCAL', want: undefined },
    { text: meta('oifname', 'eth0'), want: true },
    { text: meta('oifname', 'eth*', '!='), want: false },
    { text: meta('iifname', { set: ['lo', 'cni0'] }), want: true },
    { text: state(['established', 'related']), want: false },
    { text: state({ set: ['established', 'new'] }), want: true },
    { text: state('invalid'), want: false },
    { text: `${meta('oifname', 'eth0')} ${meta('l4proto', 'tcp')}`, want: undefined },
    { text: `${meta('l4proto', 'tcp')} ${meta('oifname', 'eth9')}`, want: false },
    { text: `${meta('oifname', 'eth0')} conntrack`, want: undefined },
    { text: `addrtype ${meta('oifname', 'eth9')} conntrack`, want: false },
  ])('$text: $want', ({ text, want }) => {
    expect(conditionsMet(text, way)).toBe(want);
  });

  test('an interface that is not known', () => {
    const nowhere = { input: undefined, output: undefined };
    expect([conditionsMet('-o eth0', nowhere), conditionsMet(meta('iifname', 'eth0'), nowhere)]).toEqual([
      undefined,
      undefined,
    ]);
  });
});

test("conditions in nft's words", () => {
  const guard = parseNftListing(fixture('firewall/neighbours.json')).find(({ name }) => name === 'guard');
  const texts = guard?.chains.get('more')?.rules.flatMap(({ otherConditions }) => otherConditions ?? []) ?? [];
  expect(texts.map(conditionsText)).toMatchInlineSnapshot(`
    [
      "meta mark != 7",
      "ip daddr { 10.5.0.0/16, 10.7.0.0/16 }",
      "ip saddr 10.9.0.0-10.9.0.9 tcp dport 80",
    ]
  `);
  expect(conditionsText(JSON.stringify({ log: { prefix: 'no' } }))).toBe('log …');
  expect(conditionsText(`${meta('oifname', 'eth0', '!=')} ${state(['new'])}`)).toBe('oifname != eth0 ct state new');
});
