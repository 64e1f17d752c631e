import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseDockerOptsArguments, renderDockerOpts, routesInTheWay } from '../../../../flannel/model/docker-opts.ts';
import { parseDotenv } from '../../../../flannel/model/subnet-env.ts';
import { packageRoot } from '../../../../native/host/package-root.ts';

const recorded = (name: string): string =>
  readFileSync(join(packageRoot(), 'test/fixtures/flannel/mk-docker-opts', name), 'utf8');

const BOTH = { individual: true, combined: true, combinedKey: 'DOCKER_OPTS', withoutIpMasq: false };
const COMBINED = { ...BOTH, individual: false };

describe('the output is that of flannel’s script', () => {
  test.each([
    { out: 'out-dualstack.txt', file: 'in-dualstack.env', env: {}, form: BOTH },
    {
      out: 'out-key.txt',
      file: 'in-subnet.env',
      env: {},
      form: { ...COMBINED, combinedKey: 'DOCKER_NETWORK_OPTIONS' },
    },
    { out: 'out-existing-value.txt', file: 'in-subnet.env', env: { DOCKER_OPTS: '--icc=false' }, form: COMBINED },
    { out: 'out-no-env-file.txt', file: undefined, env: {}, form: COMBINED },
    {
      out: 'out-existing-value-no-env-file.txt',
      file: undefined,
      env: { DOCKER_OPTS: '--icc=false' },
      form: COMBINED,
    },
    {
      out: 'out-individual-no-ipmasq.txt',
      file: 'in-subnet.env',
      env: {},
      form: { ...BOTH, combined: false, withoutIpMasq: true },
    },
    { out: 'out-environment.txt', file: undefined, env: { FLANNEL_MTU: '9000' }, form: BOTH },
    {
      out: 'out-other-options.txt',
      file: 'in-subnet.env',
      env: { DOCKER_OPT_LOG: '--log-level=warn', DOCKER_OPT_AAA: '--x', DOCKER_OPT_E: '', DOCKER_OPT_BIP: '--bip=old' },
      form: BOTH,
    },
  ])('$out', ({ out, file, env, form }) => {
    const variables = new Map<string, string>([
      ...Object.entries(env),
      ...(file === undefined ? [] : parseDotenv(recorded(file))),
    ]);
    expect(renderDockerOpts(variables, form)).toBe(recorded(out));
  });

  test('an IPMASQ that is neither true nor false is refused, unless nobody asks for it', () => {
    const variables = parseDotenv(recorded('in-bad-ipmasq.env'));
    expect(() => renderDockerOpts(variables, BOTH)).toThrow('Invalid value of FLANNEL_IPMASQ: maybe');
    expect(renderDockerOpts(variables, { ...BOTH, withoutIpMasq: true })).toContain('--bip=10.1.74.1/24');
  });

  test('a value of several words stays one value', () => {
    const variables = new Map([['DOCKER_OPT_LOG', ' --log-level  warn ']]);
    expect(renderDockerOpts(variables, BOTH)).toBe(
      'DOCKER_OPT_LOG="--log-level warn"\nDOCKER_OPTS=" --log-level warn"\n',
    );
  });
});

describe('the command line is read as getopts reads it', () => {
  const standard = {
    subnetFile: '/run/flannel/subnet.env',
    outputFile: '/run/docker_opts.env',
    ...BOTH,
  };

  test.each([
    { argv: [], changes: {} },
    { argv: ['-c'], changes: { individual: false } },
    { argv: ['-i'], changes: { combined: false } },
    { argv: ['-ic'], changes: {} },
    { argv: ['-im', '-f', './a.env'], changes: { combined: false, withoutIpMasq: true, subnetFile: './a.env' } },
    { argv: ['-cd/x/y', '-kOPTS'], changes: { individual: false, outputFile: '/x/y', combinedKey: 'OPTS' } },
    { argv: ['-d', 'a', '-d', 'b'], changes: { outputFile: 'b' } },
  ])('$argv', ({ argv, changes }) => {
    expect(parseDockerOptsArguments(argv)).toEqual({ ...standard, ...changes });
  });

  test.each([
    { argv: ['-h'], fault: undefined },
    { argv: ['-i?'], fault: undefined },
    { argv: ['-x'], fault: '-x is no option: expected -f, -d, -i, -c, -k, -m or -h' },
    { argv: ['--help'], fault: '-- is no option: expected -f, -d, -i, -c, -k, -m or -h' },
    { argv: ['-d'], fault: '-d needs a value' },
    { argv: ['out', '-i'], fault: '"out" is no option: expected -f, -d, -i, -c, -k, -m or -h' },
    { argv: ['-k', 'A;reboot'], fault: '-k "A;reboot" is no name of a variable: expected letters, digits and _' },
  ])('$argv asks for the usage', ({ argv, fault }) => {
    expect(parseDockerOptsArguments(argv)).toEqual({ fault });
  });
});

test('only a gatewayed route to this very network is in the way', () => {
  const shown = [
    'default via 10.9.0.254 dev eth0 ',
    '10.1.74.0/24 via 10.9.0.5 dev eth0 ',
    '110.1.74.0/24 via 10.9.0.5 dev eth0 ',
    '10.1.74.0/24 dev docker0 proto kernel scope link src 10.1.74.1 ',
    '10.1.75.0/24 via 10.1.74.0 dev flannel.1 onlink ',
  ];
  expect(routesInTheWay(shown.join('\n'), '10.1.74.0/24')).toEqual(['10.1.74.0/24 via 10.9.0.5 dev eth0 ']);
});
