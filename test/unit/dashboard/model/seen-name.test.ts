import { describe, expect, test } from 'vitest';
import { withSeenNames } from '../../../../dashboard/model/seen-name.ts';
import { aContainer, anInventory } from '../builders.ts';

const nameOf = (name: string, id = '0123456789abcdef'): string | undefined =>
  withSeenNames(anInventory([aContainer(name, { key: `docker:${id}`, id })])).containers[0]?.name;

describe('a name that nobody can see', () => {
  test.each(['', ' ', '\t\n', '\u00A0', '\u200B\u200D\u2060', '\u3164', '\u2800', '\u202E', '\uFEFF', '\u0007'])(
    '%j gives way to the short id',
    (name) => {
      expect(nameOf(name)).toBe('0123456789ab');
    },
  );

  test.each(['a', ' a ', '-', '.', '\u202Egnp.exe', 'שלום', '日本', '👩\u200D👦', '\uFFFD'])(
    '%j stays as it is',
    (name) => {
      expect(nameOf(name)).toBe(name);
    },
  );

  test('of a container without an id gives way to its key', () => {
    const [container] = withSeenNames(anInventory([aContainer('', { key: 'lxc:7', id: ' ' })])).containers;
    expect(container?.name).toBe('lxc:7');
  });

  test('of what ended and of a host is replaced as well', () => {
    const inventory = anInventory([], { hostname: '\u200B', nodeId: 'n1' });
    const exit = { atUnixMs: 1 };
    const told = withSeenNames({ ...inventory, exited: [{ ...aContainer('', { id: 'abc' }), exit }] });
    expect([told.host.hostname, told.exited?.[0]?.name]).toEqual(['n1', 'abc']);
  });
});
