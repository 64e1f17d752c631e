import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { clockReader } from '../../../native/host/clock-state.ts';

/** Its number, which Perl does not know by name. */
const ADJTIMEX = process.arch === 'arm64' ? 171 : 159;

/** What Perl makes of the same call: `struct timex` of 64-bit Linux as a string of bytes. */
function byPerl(): { readonly state: number; readonly status: number; readonly tick: number; readonly tai: number } {
  const script = [
    'my $timex = "\\0" x 208;',
    `my $state = syscall(${ADJTIMEX}, $timex);`,
    'print join(" ", $state, unpack("x40 l x44 q x64 l", $timex));',
  ].join(' ');
  const [state, status, tick, tai] = execFileSync('perl', ['-e', script], { encoding: 'utf8' }).split(' ').map(Number);
  return { state: state!, status: status!, tick: tick!, tai: tai! };
}

test('the kernel’s clock as another program reads it', () => {
  const clock = clockReader()!();
  expect(clock).toMatchObject(byPerl());
  expect(clock.tick).toBeGreaterThan(9000);
});
