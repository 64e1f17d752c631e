import { CNI_CODES, CniError } from './model/cni-error.ts';
import { delegateOf, parseStored, renderConf, validContainers, withGateways, type Delegate } from './model/delegate.ts';
import { invalidConfig, type NetConf } from './model/net-conf.ts';
import type { OverlayEnv } from './model/overlay-env.ts';
import type { PluginAnswer } from './io/plugin.ts';
import type { ConfStore } from './io/stored-conf.ts';

/** A command's surroundings. */
export interface CommandParts {
  readonly netConf: NetConf;
  readonly store: ConfStore;
  /** @throws {CniError} when subnet.env is missing or damaged */
  readonly readOverlay: () => Promise<OverlayEnv>;
  /** Runs the delegate, with the command that is being answered. */
  readonly run: (type: string, conf: string) => Promise<PluginAnswer>;
  /** One line for the runtime's log. */
  readonly note: (sentence: string) => void;
}

const NOTHING: PluginAnswer = { exitCode: 0, stdout: '' };

const rendered = async ({ netConf, readOverlay }: CommandParts): Promise<Delegate> =>
  delegateOf(netConf, await readOverlay());

/** Stored before the delegate runs: a DEL must find it, also after an ADD that failed half way. */
export async function add(parts: CommandParts, containerId: string): Promise<PluginAnswer> {
  const { type, conf } = await rendered(parts);
  const text = renderConf(conf);
  await parts.store.write(containerId, text);
  return parts.run(type, text);
}

/** The configuration of this network for the container; another network's file is none of ours. */
async function stored({ netConf, store }: CommandParts, containerId: string): Promise<Delegate | undefined> {
  const text = await store.read(containerId);
  const found = text === undefined ? undefined : parseStored(text);
  return found?.name === netConf.name ? found : undefined;
}

/** What to take down by when nothing is stored; `undefined` when that cannot be told. */
async function guessed(parts: CommandParts): Promise<Delegate | undefined> {
  try {
    return await rendered(parts);
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    parts.note(`nothing is stored of this container, so there is nothing to delete (${error.message})`);
    return undefined;
  }
}

/**
 * By the stored configuration; without one (a DEL again, a lost file, a second network or interface of the same container) by
 * one made now, for delegates take a DEL of nothing as done. Without that either there is nothing to do.
 */
export async function del(parts: CommandParts, containerId: string): Promise<PluginAnswer> {
  const own = await stored(parts, containerId);
  const delegate = own ?? (await guessed(parts));
  if (delegate === undefined) return NOTHING;
  const answer = await parts.run(delegate.type, renderConf(delegate.conf));
  if (own !== undefined && answer.exitCode === 0) await parts.store.remove(containerId);
  return answer;
}

/** The delegate compares the kernel with the result of ADD. */
export async function check(parts: CommandParts, containerId: string): Promise<PluginAnswer> {
  const { prevResult, cniVersion } = parts.netConf;
  if (prevResult === undefined) throw invalidConfig('prevResult: CHECK needs the result of ADD, and there is none');
  const { type, conf } = (await stored(parts, containerId)) ?? (await rendered(parts));
  // prevResult comes in the version of today's configuration, not of the stored one.
  return parts.run(type, renderConf({ ...conf, cniVersion, prevResult: withGateways(prevResult) }));
}

/** Ready for ADD: subnet.env is there and whole, and the delegate says so too. @throws {CniError} code 50 */
export async function status(parts: CommandParts): Promise<PluginAnswer> {
  const overlay = await parts.readOverlay().catch((error: unknown) => {
    if (error instanceof CniError) throw new CniError(CNI_CODES.notAvailable, error.message, error);
    throw error;
  });
  const { type, conf } = delegateOf(parts.netConf, overlay);
  return parts.run(type, renderConf(conf));
}

/** Ids of containers that are stored for this network and that the runtime no longer knows, with a configuration of one. */
async function stale(parts: CommandParts): Promise<{ ids: string[]; sample: Delegate | undefined }> {
  const valid = validContainers(parts.netConf);
  const ids: string[] = [];
  let sample: Delegate | undefined;
  for (const id of await parts.store.containerIds()) {
    const own = await stored(parts, id);
    sample ??= own;
    if (own !== undefined && !valid.has(id)) ids.push(id);
  }
  return { ids, sample };
}

/** The delegate frees what it holds for containers that are gone; then their files go. */
export async function gc(parts: CommandParts): Promise<PluginAnswer> {
  const { validAttachments } = parts.netConf;
  const { ids, sample } = await stale(parts);
  const delegate = (await guessed(parts)) ?? sample;
  if (delegate === undefined) return NOTHING;
  const conf = { ...delegate.conf, 'cni.dev/valid-attachments': validAttachments };
  const answer = await parts.run(delegate.type, renderConf(conf));
  if (answer.exitCode === 0) for (const id of ids) await parts.store.remove(id);
  return answer;
}
