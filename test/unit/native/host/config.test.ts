import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  ConfigError,
  durationMs,
  listenAddress,
  loadConfig,
  looseBoolean,
  looseInteger,
  stringList,
} from '../../../../native/host/config.ts';

const folder = mkdtempSync(join(tmpdir(), 'weft-config-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const schema = z.object({
  etcdPrefix: z.string().default('/coreos.com/network'),
  resync: durationMs.default(30_000),
  listen: listenAddress.default({ host: '127.0.0.1', port: 9101 }),
  ipMasq: looseBoolean.default(false),
  margin: looseInteger(1, 1439).default(60),
  endpoints: stringList.default([]),
});

function load(sources: { flags?: Record<string, unknown>; env?: Record<string, string>; file?: string }): unknown {
  let file: string | undefined;
  if (sources.file !== undefined) {
    file = join(folder, 'settings.yaml');
    writeFileSync(file, sources.file);
  }
  return loadConfig(schema, { flags: sources.flags ?? {}, env: sources.env ?? {}, envPrefix: 'FLANNELD_', file });
}

function faults(sources: Parameters<typeof load>[0]): readonly string[] {
  try {
    load(sources);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map((fault) => fault.replace(folder, ''));
    throw error;
  }
  return [];
}

describe('loadConfig', () => {
  test('defaults, then file, then environment, then flags', () => {
    const file = 'etcd-prefix: /file\nresync: 5s\nmargin: 30\n';
    expect(load({})).toMatchObject({ etcdPrefix: '/coreos.com/network', resync: 30_000, margin: 60 });
    expect(load({ file })).toMatchObject({ etcdPrefix: '/file', resync: 5000, margin: 30 });
    expect(load({ file, env: { FLANNELD_RESYNC: '2m' } })).toMatchObject({ etcdPrefix: '/file', resync: 120_000 });
    expect(
      load({ file, env: { FLANNELD_RESYNC: '2m' }, flags: { resync: '10', etcdPrefix: undefined } }),
    ).toMatchObject({
      etcdPrefix: '/file',
      resync: 10_000,
    });
  });

  test('the result is frozen', () => {
    expect(Object.isFrozen(load({}))).toBe(true);
  });

  test('foreign variables with our prefix are not our fault', () => {
    expect(faults({ env: { FLANNELD_SERVICE_PORT: 'tcp://10.0.0.1' } })).toEqual([]);
  });

  test.each([
    { name: 'an unknown key of the file', file: 'colour: red\n', want: ['colour: unknown setting'] },
    { name: 'an unknown flag', flags: { etcdPrefixx: 'x' }, want: ['etcd-prefixx: unknown setting'] },
    {
      name: 'a number out of range',
      flags: { margin: '1440' },
      want: ['margin: expected a whole number from 1 to 1439, got "1440"'],
    },
    {
      name: 'a fraction',
      flags: { margin: '1.5' },
      want: ['margin: expected a whole number from 1 to 1439, got "1.5"'],
    },
    {
      name: 'a bad duration',
      flags: { resync: 'soon' },
      want: ['resync: expected a duration such as 500ms, 30s or 5m, got "soon"'],
    },
    { name: 'a bad boolean', env: { FLANNELD_IP_MASQ: 'yes' }, want: ['ip-masq: expected true or false, got "yes"'] },
    {
      name: 'a bad address',
      flags: { listen: '127.0.0.1' },
      want: ['listen: expected ADDRESS:PORT, such as 127.0.0.1:8080, got "127.0.0.1"'],
    },
    {
      name: 'a port too large',
      flags: { listen: '127.0.0.1:70000' },
      want: ['listen: expected ADDRESS:PORT, such as 127.0.0.1:8080, got "127.0.0.1:70000"'],
    },
    {
      name: 'a file that is no YAML',
      file: 'margin: 5\na: [\n',
      want: ['/settings.yaml:3: Flow sequence in block collection must be sufficiently indented and end with a ]'],
    },
    { name: 'a file that is a list', file: '- a\n', want: ['/settings.yaml: expected a mapping of settings'] },
  ])('$name', ({ want, ...sources }) => {
    expect(faults(sources)).toEqual(want);
  });

  test('all faults are told at once', () => {
    expect(faults({ flags: { margin: '0', resync: 'x' }, file: 'colour: red\n' })).toHaveLength(3);
  });

  test('older spellings are read at every place, and the later place still wins', () => {
    const aliases = { leeway: 'margin' };
    const load = (flags: object, env: Record<string, string>): number =>
      loadConfig(z.object({ margin: z.coerce.number() }), { flags: { ...flags }, env, envPrefix: 'X_', aliases })
        .margin;
    expect(load({ leeway: 5 }, {})).toBe(5);
    expect(load({}, { X_LEEWAY: '6' })).toBe(6);
    expect(load({ margin: 7 }, { X_LEEWAY: '6' })).toBe(7);
    expect(() => load({ margin: 7, leeway: 5 }, {})).toThrow('margin: given twice, once as leeway');
  });

  test('a missing file is named', () => {
    expect(() => loadConfig(schema, { flags: {}, env: {}, envPrefix: 'X_', file: '/nonexistent/weft.yaml' })).toThrow(
      /\/nonexistent\/weft\.yaml/,
    );
  });
});

describe('values', () => {
  test.each([
    ['[::1]:8080', { host: '::1', port: 8080 }],
    [':0', { host: '::', port: 0 }],
    ['0.0.0.0:65535', { host: '0.0.0.0', port: 65_535 }],
  ])('listen %s', (text, want) => {
    expect(listenAddress.parse(text)).toEqual(want);
  });

  test('a list from the environment is split at commas', () => {
    expect(stringList.parse('http://a:2379, http://b:2379,')).toEqual(['http://a:2379', 'http://b:2379']);
  });
});
