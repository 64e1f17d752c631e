import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './netns.ts';
import { removeCgroup } from './runc.ts';

/** A container of LXC with busybox and an init of its own. */
export interface LxcMachine extends AsyncDisposable {
  readonly name: string;
  /** Of its init. */
  readonly pid: number;
  /** Of its processes; the monitor has one beside it. */
  readonly cgroup: string;
  /** Cgroup path below which it is. */
  readonly parent: string;
  freeze(): void;
  unfreeze(): void;
  /** What a command in it prints. */
  attach(...words: string[]): string;
  kill(): void;
}

/** Makes and starts one with 64 MiB, as an administrator would; `name` is its own. */
export function startLxc(name: string): LxcMachine {
  using stack = new DisposableStack();
  const folder = stack.adopt(mkdtempSync(join(tmpdir(), 'weft-test-lxc-')), (path) => {
    rmSync(path, { recursive: true, force: true });
  });
  const parent = `/weft-test/lxc-${process.pid}`;
  const base = join(folder, 'base.conf');
  writeFileSync(base, 'lxc.net.0.type = empty\nlxc.apparmor.profile = unconfined\n');
  const lxc = (program: string, ...words: string[]): string =>
    run(`lxc-${program}`, '--lxcpath', folder, '--name', name, ...words);
  lxc('create', '--config', base, '--template', 'busybox');
  const limits = ['lxc.cgroup.memory.limit_in_bytes = 64M', 'lxc.cgroup2.memory.max = 64M'];
  appendFileSync(
    join(folder, name, 'config'),
    [`lxc.cgroup.dir = ${parent.slice(1)}`, 'lxc.tty.max = 0', 'lxc.pty.max = 0', ...limits, ''].join('\n'),
  );
  lxc('start', '--daemon');
  let alive = true;
  const kill = (): void => {
    if (alive) lxc('stop', '--kill');
    alive = false;
  };
  stack.defer(kill);
  const pid = Number(lxc('info', '--pid', '--no-humanize'));
  const owned = stack.move();
  return {
    name,
    pid,
    parent,
    cgroup: `${parent}/lxc.payload.${name}`,
    freeze: () => lxc('freeze'),
    unfreeze: () => lxc('unfreeze'),
    attach: (...words) => lxc('attach', '--', ...words),
    kill,
    [Symbol.asyncDispose]: async () => {
      owned.dispose();
      await removeCgroup(parent);
    },
  };
}
