import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';

/** Files that the agent reads at each tick; the other ones that it keeps open have their turn each fifth. */
const EACH_TICK =
  /\/(?:cpuacct\.usage|memory\.usage_in_bytes|memory\.current|pids\.current|io\.stat)$|^\/proc\/(?:stat|meminfo|loadavg|diskstats|pressure\/\w+)$/;

export interface BareLimit {
  readonly cpuPercent: number;
  readonly files: number;
}

/** The kernel's files that a process keeps open now, of cgroups and of the host. */
function keptFiles(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/${pid}/fd/${fd}`);
      return target.startsWith('/sys/fs/cgroup/') || target.startsWith('/proc/') ? [target] : [];
    } catch {
      return []; // closed meanwhile
    }
  });
}

/** CPU of a loop in C that reads what process `pid` reads, as often, and does nothing else. */
export async function bareLimit(pid: number, seconds: number): Promise<BareLimit> {
  const folder = mkdtempSync(join(tmpdir(), 'weft-bench-limit-'));
  try {
    const program = join(folder, 'pread-limit');
    execFileSync('gcc', ['-O2', '-o', program, join(import.meta.dirname, 'pread-limit.c')]);
    const files = keptFiles(pid);
    const lines = files.map((path) => `${EACH_TICK.test(path) ? 'fast' : 'slow'} ${path}\n`);
    const child = spawn('sh', ['-c', 'ulimit -n $(ulimit -Hn); exec "$0" "$@"', program, String(seconds)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.end(lines.join(''));
    let text = '';
    for await (const chunk of child.stdout) text += String(chunk);
    return { cpuPercent: Number(text.split(' ')[0]) / 1e7, files: files.length };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
