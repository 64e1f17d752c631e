import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { WEFT } from '../../support/processes.ts';

/** Both ends of the line in one: how weft ended, and what it said on stderr. */
function shell(line: string): { readonly code: number; readonly err: string } {
  const { stdout, stderr } = spawnSync('bash', ['-c', `${line}; echo "\${PIPESTATUS[0]}"`, WEFT], { encoding: 'utf8' });
  return { code: Number(stdout.trim()), err: stderr };
}

test.each([
  { name: 'who reads a part of the output has had enough', line: '"$0" flanneld --help | true', code: 0, err: '' },
  {
    name: 'what reports must not be lost in silence',
    line: '"$0" flanneld --help > /dev/full',
    code: 1,
    err: 'weft: cannot write to standard output: ENOSPC: no space left on device, write\n',
  },
  {
    name: 'a fault whose sentence nobody reads is one',
    line: '"$0" flanneld --colour=red 2> >(true)',
    code: 2,
    err: '',
  },
])('$name', ({ line, code, err }) => {
  expect(shell(line)).toEqual({ code, err });
});
