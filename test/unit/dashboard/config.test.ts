import { expect, test } from 'vitest';
import { loadDashboardConfig } from '../../../dashboard/config.ts';
import { ConfigError } from '../../../native/host/config.ts';

const load = (flags: Record<string, unknown>, env: Record<string, string> = {}) =>
  loadDashboardConfig({ flags, env, configFile: undefined });

function faultOf(flags: Record<string, unknown>): string {
  try {
    load(flags);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.join('\n');
  }
}

test.each([
  { listen: ['127.0.0.1:8080'] },
  { listen: ['127.8.9.1:8080'] },
  { listen: ['localhost:8080'] },
  { listen: ['[::1]:8080'] },
  { listen: ['0.0.0.0:8080'], insecure: true },
  { listen: ['10.0.0.1:8080'], insecure: 'true' },
  {},
])('%j may be served without TLS', (flags) => {
  expect(load(flags).tls).toBeUndefined();
});

test.each(['0.0.0.0:8080', '[::]:8080', ':8080', '10.0.0.1:8080', '192.0.2.1:80', 'weft.example:8080', '[::2]:8080'])(
  'without TLS and --insecure nothing is served on %s',
  (listen) => {
    expect(faultOf({ listen: ['127.0.0.1:9090', listen] })).toMatch(
      /^listen: .*:\d+ is reached by other machines, .* --tls-cert .* --insecure/,
    );
  },
);

test.each([
  { flags: { tlsCert: '/nowhere/cert.pem' }, want: 'tls-cert, tls-key: one without the other is of no use' },
  { flags: { tlsKey: '/nowhere/key.pem' }, want: 'tls-cert, tls-key: one without the other is of no use' },
  {
    flags: { tlsCert: '/nowhere/cert.pem', tlsKey: '/nowhere/key.pem' },
    want: 'tls-cert: cannot read /nowhere/cert.pem: ENOENT',
  },
  { flags: { tlsCert: '/etc/hostname', tlsKey: '/etc/hostname' }, want: '/etc/hostname holds no certificate in PEM' },
  { flags: { insecure: 'perhaps' }, want: 'insecure: expected true or false, got "perhaps"' },
])('$flags is a fault', ({ flags, want }) => {
  expect(faultOf(flags)).toContain(want);
});

test('the data folder has its name, and that of before', () => {
  expect(load({ dataDir: '/a' }).dataDir).toBe('/a');
  expect(load({ stateDir: '/b' }).dataDir).toBe('/b');
  expect(load({}, { WEFT_DASHBOARD_STATE_DIR: '/c' }).dataDir).toBe('/c');
  expect(faultOf({ dataDir: '/a', stateDir: '/b' })).toBe('data-dir: given twice, once as state-dir');
});

test.each([
  {
    flags: { publicUrl: 'https://ann:secret@weft.example' },
    want: /^public-url: expected a URL without a path, user or password/,
  },
  {
    flags: { remoteReadUrl: 'http://store:9090/?token=secret' },
    want: /^remote-read-url: expected the address that \/api\/v1\/query_range is below/,
  },
  { flags: { remoteReadUrl: 'http://store:9090/#x' }, want: /^remote-read-url: expected the address that/ },
])('$flags is refused: a part of it would be left out without a word', ({ flags, want }) => {
  expect(faultOf(flags)).toMatch(want);
});

test('a store below a path can be read', () => {
  expect(load({ remoteReadUrl: 'http://store:8481/select/0/prometheus' }).remoteReadUrl).toBe(
    'http://store:8481/select/0/prometheus',
  );
});
