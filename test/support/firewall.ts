import { spawn, type ChildProcess } from 'node:child_process';
import { pino } from 'pino';
import { inNamespace } from '../../cli/demo/namespaces.ts';
import { FirewallKeeper, type FirewallKeeperParts } from '../../flannel/firewall-keeper.ts';
import type { FirewallCounters } from '../../flannel/firewall-report.ts';
import type { FirewallHost } from '../../flannel/io/firewall.ts';
import { programsOf } from '../../flannel/io/programs.ts';
import { firewallNames } from '../../flannel/model/firewall-names.ts';
import type { FirewallIntent } from '../../flannel/model/firewall.ts';
import { systemClock, systemRandom } from '../../native/host/clock.ts';
import type { TestNamespace } from './netns.ts';

/** The firewall of a namespace, and how many programs were run for it. */
export interface CountingHost extends FirewallHost, Disposable {
  readonly runs: readonly string[];
}

/** @param iptables which variant `iptables` is there; `none` is a host without any. */
export function firewallHost(ns: TestNamespace, iptables: 'nft' | 'legacy' | 'none' = 'nft'): CountingHost {
  const run = programsOf(inNamespace(ns.name, []));
  const runs: string[] = [];
  // A process whose /proc entry shows the namespace's own files.
  const [file = '', ...rest] = inNamespace(ns.name, ['sleep', '600']);
  const holder: ChildProcess = spawn(file, rest, { stdio: 'ignore' });
  const variantOf = (program: string): string =>
    program.replace(/^(ip6?tables)(?!-nft|-legacy)/, iptables === 'none' ? 'weft-no-$1' : `$1-${iptables}`);
  return {
    procNet: `/proc/${holder.pid ?? 0}/net`,
    runs,
    run: ({ argv: [program = '', ...words], ...more }, signal) => {
      runs.push([program, ...words].join(' '));
      const argv =
        iptables === 'none' ? [program.replace(/^ip6?tables/, 'weft-no-$&'), ...words] : [variantOf(program), ...words];
      return run({ argv, ...more }, signal);
    },
    [Symbol.dispose]: () => {
      holder.kill();
    },
  };
}

/** What a keeper told, and a way to end it. */
export interface RunningKeeper extends AsyncDisposable {
  readonly keeper: FirewallKeeper;
  readonly counters: FirewallCounters;
  readonly told: {
    problem: string | undefined;
    conflict: string | undefined;
    inPlace: boolean;
    /** How often it was told what is in the way, the last act of every look. */
    looks: number;
  };
}

export interface KeeperOptions extends Partial<FirewallKeeperParts> {
  readonly ns: TestNamespace;
  readonly host: FirewallHost;
  readonly intent: FirewallIntent;
}

/** Runs a keeper in a namespace until its scope ends. */
export function runKeeper({ ns, host, intent, ...more }: KeeperOptions): RunningKeeper {
  const counters = { firewallChecks: 0, firewallRepairs: 0, firewallFailures: 0 };
  const told: RunningKeeper['told'] = { problem: undefined, conflict: undefined, inPlace: false, looks: 0 };
  const keeper = new FirewallKeeper(
    {
      choice: 'auto',
      enableNftables: false,
      names: firewallNames(1),
      host,
      netns: { kind: 'name', name: ns.name },
      resyncMs: 100,
      clock: systemClock,
      random: systemRandom,
      log: pino({ level: 'silent' }),
      report: {
        counters,
        inPlace: () => {
          told.inPlace = true;
        },
        problem: (sentence) => {
          told.problem = sentence;
        },
        conflicts: (sentences) => {
          told.looks += 1;
          told.conflict = sentences.length === 0 ? undefined : sentences.join('; ');
        },
      },
      ...more,
    },
    intent,
  );
  const stop = new AbortController();
  const ended = keeper.run(stop.signal).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return {
    keeper,
    counters,
    told,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await ended;
    },
  };
}
