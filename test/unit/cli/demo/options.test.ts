import { expect, test } from 'vitest';
import { parseDemoOptions } from '../../../../cli/demo/options.ts';
import { ConfigError } from '../../../../native/host/config.ts';

const parse = (flags: Record<string, unknown>, env: Record<string, string> = {}): object =>
  parseDemoOptions({ flags, env, configFile: undefined });

test('without flags: three hosts on 8080, loaded, nobody told', () => {
  expect(parse({})).toEqual({ hosts: 3, port: 8080, load: true, webhook: [] });
});

test('flags are text and win over the environment', () => {
  expect(
    parse({ hosts: '16', load: false, webhook: ['http://h/a'] }, { WEFT_DEMO_HOSTS: '2', WEFT_DEMO_PORT: '9' }),
  ).toEqual({ hosts: 16, port: 9, load: false, webhook: ['http://h/a'] });
});

test.each([
  { name: 'no host', flags: { hosts: '0' }, fault: 'hosts: expected a whole number from 1 to 16, got "0"' },
  { name: 'too many hosts', flags: { hosts: '17' }, fault: 'hosts: expected a whole number from 1 to 16, got "17"' },
  { name: 'hosts in words', flags: { hosts: 'x' }, fault: 'hosts: expected a whole number from 1 to 16, got "x"' },
  { name: 'half a host', flags: { hosts: '1.5' }, fault: 'hosts: expected a whole number from 1 to 16, got "1.5"' },
  { name: 'port 0', flags: { port: '0' }, fault: 'port: expected a whole number from 1 to 65535, got "0"' },
  {
    name: 'port too high',
    flags: { port: '65536' },
    fault: 'port: expected a whole number from 1 to 65535, got "65536"',
  },
  { name: 'an empty state file', flags: { state: '' }, fault: 'state: expected the name of a file, got ""' },
  {
    name: 'a webhook that is no URL',
    flags: { webhook: ['ftp://x'] },
    fault: 'webhook.0: expected a URL such as http://127.0.0.1:9000/hook, got "ftp://x"',
  },
])('$name is a fault', ({ flags, fault }) => {
  expect(() => parse(flags)).toThrow(new ConfigError([fault]));
});

test('all faults are told at once', () => {
  expect(() => parse({ hosts: '0', port: 'x' })).toThrow(/hosts: .*\nport: /);
});
