import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startWeft } from '../support/processes.ts';
import { startDashboard } from './dashboard-fixture.ts';

describe('a start that cannot succeed is one sentence', () => {
  async function attempt(flags: readonly string[]): Promise<{ code: number | null; stderr: string }> {
    await using child = await startWeft(['dashboard', '--listen', '127.0.0.1:0', ...flags]);
    const { code } = await child.exited;
    return { code, stderr: child.stderr() };
  }

  test.each([
    { name: 'an unknown flag', flags: ['--nope'], code: 2, want: /unknown option '--nope'/ },
    {
      name: 'a wrong address',
      flags: ['--listen', 'nowhere'],
      code: 2,
      want: /^weft dashboard: listen\.1: expected ADDRESS:PORT/m,
    },
    {
      name: 'several faults',
      flags: ['--log-level', 'loud', '--webhook', 'ftp://x'],
      code: 2,
      want: /log-level: [^]*webhook\.0: |webhook\.0: [^]*log-level: /,
    },
    {
      name: 'etcd with a wrong scheme',
      flags: ['--etcd-endpoints', 'ftp://127.0.0.1:2379'],
      code: 2,
      want: /^weft dashboard: etcd-endpoints\.0: "ftp:\/\/127\.0\.0\.1:2379" has no scheme/m,
    },
    {
      name: 'rules that are not there',
      flags: ['--rules', '/nowhere/rules.yaml'],
      code: 2,
      want: /^weft dashboard: rules: cannot read \/nowhere\/rules\.yaml/m,
    },
    {
      name: 'a state folder that cannot be',
      flags: ['--state-dir', '/proc/weft'],
      code: 1,
      want: /cannot make \/proc\/weft: .*--data-dir/,
    },
  ])('$name', async ({ flags, code, want }) => {
    const outcome = await attempt(flags);
    expect(outcome.stderr).toMatch(want);
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).not.toContain('    at ');
  });

  test('malformed rules: every fault with its line', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'weft-test-rules-'));
    try {
      await writeFile(join(folder, 'r.yaml'), 'rules:\n  - name: A\n    metric: x\n    op: ">"\n    threshold: lots\n');
      const outcome = await attempt(['--rules', join(folder, 'r.yaml'), '--state-dir', folder]);
      expect(outcome.code).toBe(2);
      expect(outcome.stderr).toContain(`weft dashboard: ${folder}/r.yaml:3: rules[0].metric: `);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('a damaged dashboard.db: what is in it, and what can be done; nothing of it is touched', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'weft-test-damaged-'));
    try {
      const path = join(folder, 'dashboard.db');
      for (const content of ['no database, '.repeat(1000), `SQLite format 3\0${'x'.repeat(20_000)}`]) {
        await writeFile(path, content);
        const outcome = await attempt(['--data-dir', folder]);
        expect(outcome.code).toBe(1);
        expect(outcome.stderr).toContain(`cannot open ${path}: `);
        expect(outcome.stderr).toContain('restore a backup into another folder (weft restore), or move the file away');
        expect(await readFile(path, 'utf8')).toBe(content);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('a port in use, and a state folder in use', async () => {
    await using dashboard = await startDashboard();
    const folder = await mkdtemp(join(tmpdir(), 'weft-test-second-'));
    try {
      const port = await attempt(['--listen', dashboard.listen, '--state-dir', folder]);
      expect([port.code, port.stderr]).toMatchObject([
        1,
        expect.stringContaining('another process listens there') as string,
      ]);
      const state = await attempt(['--state-dir', dashboard.stateDir]);
      expect([state.code, state.stderr]).toMatchObject([
        1,
        expect.stringContaining('another weft dashboard uses this state folder') as string,
      ]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
