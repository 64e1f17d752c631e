import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../../native/host/package-root.ts';

interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function weftGrafana(...args: readonly string[]): Answer {
  try {
    const argv = [join(packageRoot(), 'cli/main.ts'), 'grafana', ...args];
    return { code: 0, stdout: execFileSync(process.execPath, argv, { encoding: 'utf8', stdio: 'pipe' }), stderr: '' };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
    return { code: status, stdout, stderr };
  }
}

function folder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'weft-test-grafana-'));
  return {
    path,
    [Symbol.dispose]: () => {
      rmSync(path, { recursive: true });
    },
  };
}

function textsIn(path: string): Map<string, string> {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const names = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return new Map(names.map((name) => [name.slice(path.length + 1), readFileSync(name, 'utf8')]));
}

describe('weft grafana', () => {
  test('writes the same bytes again, says what it wrote and what it could not say', () => {
    using rules = folder();
    writeFileSync(
      join(rules.path, 'own.yaml'),
      `rules:
  - { name: Own, metric: memoryWorkingSetBytes, op: ">", threshold: 1GiB, annotations: { summary: "{{ $labels.container }}" } }
  - { name: Off, metric: pidsCurrent, op: ">", threshold: 9, enabled: false }
  - { name: ContainerMemoryNearLimit, metric: memoryOfLimitRatio, op: ">", threshold: 50% }
`,
    );
    using one = folder();
    using two = folder();
    const first = weftGrafana(
      '--out',
      one.path,
      '--rules-dir',
      rules.path,
      '--prometheus-url',
      'http://p.example:9090',
    );
    weftGrafana('--out', two.path, '--rules-dir', rules.path, '--prometheus-url', 'http://p.example:9090');
    const written = textsIn(one.path);
    expect([...written]).toEqual([...textsIn(two.path)]);
    expect([...written.keys()]).toEqual([
      'dashboards/weft-alerts.json',
      'dashboards/weft-container.json',
      'dashboards/weft-host.json',
      'dashboards/weft-overlay.json',
      'dashboards/weft-overview.json',
      'dashboards/weft-self.json',
      'prometheus/alertmanager-inhibit.yaml',
      'prometheus/weft-rules.yaml',
      'provisioning/dashboards/weft.yaml',
      'provisioning/datasources/weft.yaml',
    ]);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toContain(
      '16 rules of the dashboard are 15 rules of Prometheus\nnot said: Off: it is switched off\n',
    );
    const rulesText = written.get('prometheus/weft-rules.yaml') ?? '';
    expect(rulesText).toContain('# Not here:\n# - Off: it is switched off\n');
    expect(rulesText.match(/alert: ContainerMemoryNearLimit\n/g)).toHaveLength(1);
    expect(rulesText).toContain(') > 0.5\n');
    expect(written.get('provisioning/datasources/weft.yaml')).toContain('url: http://p.example:9090\n');
  });

  test.each([
    { name: 'no folder', args: [], said: 'out: expected a folder to write into, such as --out ./grafana' },
    {
      name: 'an empty one',
      args: ['--out', ''],
      said: 'out: expected a folder to write into, such as --out ./grafana, got ""',
    },
    {
      name: 'a file',
      args: ['--out', '/etc/hostname'],
      said: 'out: cannot write /etc/hostname/dashboards/weft-overview.json: ',
    },
    {
      name: 'where no folder can be',
      args: ['--out', '/proc/weft'],
      said: 'out: cannot write /proc/weft/dashboards/weft-overview.json: ',
    },
    {
      name: 'no URL',
      args: ['--out', '/proc/weft', '--prometheus-url', 'p'],
      said: 'prometheus-url: expected a URL such as http://prometheus:9090, got "p"',
    },
    {
      name: 'rules that are not there',
      args: ['--out', '/proc/weft', '--rules-dir', '/proc/weft'],
      said: 'rules-dir: cannot read /proc/weft: ',
    },
  ])('$name: one sentence, and 2', ({ args, said }) => {
    const { code, stdout, stderr } = weftGrafana(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.startsWith(`weft grafana: ${said}`)).toBe(true);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
