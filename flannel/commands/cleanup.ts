import { access, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { EtcdError } from '../../native/etcd/errors.ts';
import { HostFileError } from '../../native/host/atomic-file.ts';
import { systemRandom } from '../../native/host/clock.ts';
import { NetlinkError } from '../../native/netlink/errors.ts';
import { openRouteSocket, type NetlinkSocket } from '../../native/netlink/socket.ts';
import { kernelLeftovers, removeFromKernel } from '../io/cleanup-kernel.ts';
import { firewallLeftovers, removeFirewall } from '../io/cleanup-programs.ts';
import { ProgramError } from '../io/programs.ts';
import { runningAgents } from '../io/running-agents.ts';
import { readIfPresent } from '../io/state.ts';
import { cleanupText, isStateFile, type CleanupStep } from '../model/cleanup.ts';
import { CommandError, type Command, type CommandInput, type CommandParts } from './command.ts';
import { withEtcd } from './etcd.ts';
import { openStore } from './leases.ts';
import { wrapText } from './table.ts';

interface Paths {
  readonly subnetFile: string;
  readonly stateDir: string;
}

function pathsOf({ flags, env }: CommandInput): Paths {
  const path = (flag: string, fallback: string): string => {
    const name = flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const given = flags[flag] ?? env[`FLANNELD_${name.toUpperCase().replace('-', '_')}`] ?? fallback;
    if (typeof given === 'string' && given !== '') return given;
    throw new CommandError(`--${name}: expected a path, got ${JSON.stringify(given)}`, 2);
  };
  return { subnetFile: path('subnetFile', '/run/flannel/subnet.env'), stateDir: path('stateDir', '/var/lib/weft') };
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function fileSteps({ subnetFile, stateDir }: Paths, withState: 'state' | 'no-state'): Promise<CleanupStep[]> {
  const names = withState === 'state' ? await readdir(stateDir).catch(() => []) : [];
  const files = names.filter(isStateFile).map((name) => join(stateDir, name));
  const all = (await isThere(subnetFile)) ? [subnetFile, ...files] : files;
  return all.map((path) => ({ kind: 'remove-file', path }));
}

/** The leases that this node holds, by the node id in its state folder. @throws {EtcdError}; {CommandError}. */
async function leaseSteps({ input, signal }: CommandParts, { stateDir }: Paths): Promise<CleanupStep[]> {
  const nodeId = (await readIfPresent(join(stateDir, 'node-id')))?.trim();
  if (nodeId === undefined) {
    throw new CommandError(
      `there is no node-id in ${stateDir}, so this host's lease is not known: release it by its subnet, "weft leases release"`,
      1,
    );
  }
  return withEtcd(input, async (client, config) => {
    const leases = await openStore(client, config).store.list(signal);
    return leases
      .filter(({ lease }) => lease.nodeId === nodeId)
      .map(({ key, modRevision }) => ({ kind: 'release-lease', key, modRevision }));
  });
}

async function firewallSteps(signal: AbortSignal): Promise<CleanupStep[]> {
  try {
    return await firewallLeftovers(signal);
  } catch (cause) {
    if (cause instanceof ProgramError) throw new CommandError(cause.message, 1, { cause });
    throw cause;
  }
}

/** @throws {CommandError} while an agent would put back what is taken away. */
async function requireNoAgent(): Promise<void> {
  const [agent] = await runningAgents();
  if (agent === undefined) return;
  throw new CommandError(
    `${agent.name} runs here (pid ${agent.pid}) and would put it back: stop it, or give --force`,
    1,
  );
}

interface Doer {
  readonly parts: CommandParts;
  readonly socket: NetlinkSocket;
}

async function release(
  { input, signal }: CommandParts,
  step: Extract<CleanupStep, { kind: 'release-lease' }>,
): Promise<void> {
  await withEtcd(input, async (client, config) => {
    if (await openStore(client, config).store.remove(step, signal)) return;
    throw new CommandError(`${step.key} was changed meanwhile`, 1);
  });
}

async function take({ parts, socket }: Doer, step: CleanupStep): Promise<void> {
  switch (step.kind) {
    case 'release-lease':
      return release(parts, step);
    case 'delete-link':
    case 'delete-route':
      return removeFromKernel(socket, step, parts.signal);
    case 'delete-nft-table':
    case 'delete-iptables-chains':
      return removeFirewall(step, parts.signal);
    case 'remove-file':
      return unlink(step.path).catch((cause: unknown) => {
        throw new HostFileError('remove', step.path, cause);
      });
  }
}

const KNOWN = [EtcdError, HostFileError, NetlinkError, ProgramError, CommandError];

/** @returns the sentence of what failed; `undefined` when it is done. */
async function attempt(doer: Doer, step: CleanupStep): Promise<string | undefined> {
  try {
    await take(doer, step);
    return undefined;
  } catch (error) {
    if (error instanceof Error && KNOWN.some((kind) => error instanceof kind)) return error.message;
    throw error;
  }
}

interface Taken {
  readonly what: string;
  readonly error: string | undefined;
}

async function takeAll(doer: Doer, steps: readonly CleanupStep[]): Promise<Taken[]> {
  const { output, input } = doer.parts;
  const taken: Taken[] = [];
  for (const step of steps) {
    const what = cleanupText(step);
    const error = input.flags['dryRun'] === true ? undefined : await attempt(doer, step);
    taken.push({ what, error });
    if (input.flags['json'] === true) continue;
    for (const line of wrapText(what, output.width)) output.line(line);
    for (const line of error === undefined ? [] : wrapText(`  failed: ${error}`, output.width)) {
      output.line(output.paint('red', line));
    }
  }
  return taken;
}

/** `weft cleanup`: takes away what an agent has left on this host, and nothing else. */
export const cleanupCommand: Command = async (parts) => {
  const { input, output, signal } = parts;
  if (input.words.length > 0) throw new CommandError(`expected no further word, got "${input.words[0] ?? ''}"`, 2);
  const { releaseLease, state, force, dryRun, json } = input.flags;
  const paths = pathsOf(input);
  if (force !== true && dryRun !== true) await requireNoAgent();
  await using socket = openRouteSocket({ random: systemRandom });
  const steps: CleanupStep[] = [
    ...(releaseLease === true ? await leaseSteps(parts, paths) : []),
    ...(await kernelLeftovers(socket, signal)),
    ...(await firewallSteps(signal)),
    ...(await fileSteps(paths, state === true ? 'state' : 'no-state')),
  ];
  const taken = await takeAll({ parts, socket }, steps);
  const isDry = dryRun === true;
  if (json === true) output.json({ dryRun: isDry, steps: taken });
  else if (steps.length === 0) output.line('nothing of the overlay is left on this host');
  else if (isDry) output.line('nothing is done: that is what it would do');
  return taken.some(({ error }) => error !== undefined) ? 1 : 0;
};
