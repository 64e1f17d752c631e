import { createReadStream } from 'node:fs';
import { readStoredConfig, writeConfig, type StoredConfig } from '../io/config-store.ts';
import { configChanges, unknownConfigKeys, type ConfigChange } from '../model/config-change.ts';
import { configView } from '../model/config-view.ts';
import { isLeasable, NetworkConfigError, parseNetworkConfig, type NetworkConfig } from '../model/network-config.ts';
import { configKey } from '../wire.ts';
import { CommandError, type Command, type CommandInput, type Output } from './command.ts';
import { changeLines, viewLines } from './config-text.ts';
import { withEtcd } from './etcd.ts';
import { openStore } from './leases.ts';
import { countText, wrapText } from './table.ts';

/** More is no configuration, and etcd takes no more either. */
const MAX_BYTES = 1_048_576;

interface Source {
  /** For the sentence: a path, `standard input`, a key. */
  readonly name: string;
  readonly text: string;
}

const tooLong = (name: string): CommandError =>
  new CommandError(`${name}: more than ${MAX_BYTES} bytes, which no configuration has`, 2);

/** Not to the end of what has none, such as /dev/zero. @throws {CommandError} */
async function textOf(name: string, stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw tooLong(name);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function readSource(word: string, signal: AbortSignal): Promise<Source> {
  if (word.trimStart().startsWith('{')) return { name: 'the configuration', text: word };
  const name = word === '-' ? 'standard input' : word;
  try {
    return { name, text: await textOf(name, word === '-' ? process.stdin : createReadStream(word, { signal })) };
  } catch (cause) {
    if (cause instanceof CommandError) throw cause;
    signal.throwIfAborted();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CommandError(`cannot read ${word}: ${why}`, 2, { cause });
  }
}

/** A configuration and what flannel would pass over in it. @throws {CommandError} with flannel's words. */
function checked({ name, text }: Source): { network: NetworkConfig; ignored: string[] } {
  if (Buffer.byteLength(text) > MAX_BYTES) throw tooLong(name);
  try {
    const network = parseNetworkConfig(text);
    return { network, ignored: unknownConfigKeys(text, network) };
  } catch (cause) {
    if (cause instanceof NetworkConfigError) throw new CommandError(`${name}: ${cause.message}`, 2, { cause });
    throw cause;
  }
}

function oneWord({ words }: CommandInput): string | undefined {
  if (words.length > 1) throw new CommandError(`expected one configuration, got ${words.length} words: quote it`, 2);
  return words[0];
}

function stored({ text }: StoredConfig, key: string): Source {
  if (text !== undefined) return { name: key, text };
  throw new CommandError(`there is no network config at ${key}: write one with "weft config set"`, 1);
}

function ignoredLines(ignored: readonly string[], { width, paint }: Output): string[] {
  return ignored.flatMap((name) =>
    wrapText(`${name} is no key of flannel's and is passed over: is it spelled right?`, width).map((line) =>
      paint('yellow', line),
    ),
  );
}

/** `weft config get`: the text in etcd, as it was written. */
export const getCommand: Command = async ({ input, output, signal }) => {
  await withEtcd(input, async (client, { etcdPrefix }) => {
    const key = configKey(etcdPrefix);
    const seen = await readStoredConfig(client, key, signal);
    const { text } = stored(seen, key);
    if (input.flags['json'] === true) output.json({ key, revision: String(seen.modRevision), text });
    else output.line(text);
  });
  return 0;
};

/** `weft config check [FILE]`: whether agents can use it, and what it means with all defaults. */
export const checkCommand: Command = async ({ input, output, signal }) => {
  const word = oneWord(input);
  const source =
    word === undefined
      ? await withEtcd(input, async (client, { etcdPrefix }) => {
          const key = configKey(etcdPrefix);
          return stored(await readStoredConfig(client, key, signal), key);
        })
      : await readSource(word, signal);
  const { network, ignored } = checked(source);
  const view = configView(network);
  if (input.flags['json'] === true) {
    output.json({ valid: true, config: view, ignored });
  } else {
    for (const line of [...viewLines(view, output), ...ignoredLines(ignored, output)]) output.line(line);
  }
  return 0;
};

interface Plan {
  readonly key: string;
  readonly changes: readonly ConfigChange[];
  /** Whether there was a configuration that could be used. */
  readonly isFirst: boolean;
  /** Subnets that are leased and do not fit any more. */
  readonly misfits: readonly string[];
  readonly ignored: readonly string[];
}

/** The configuration of before; `undefined` when there was none, or one that nobody could use. */
function before({ text }: StoredConfig): NetworkConfig | undefined {
  try {
    return text === undefined ? undefined : parseNetworkConfig(text);
  } catch (error) {
    if (error instanceof NetworkConfigError) return undefined;
    throw error;
  }
}

function planLines({ key, changes, isFirst, misfits, ignored }: Plan, output: Output): string[] {
  const restart =
    'Agents that run go on with what they have: restart weft flanneld or flanneld on each host, one after the other.';
  const lost =
    misfits.length === 0
      ? []
      : wrapText(
          `${countText(misfits.length, 'lease')} will not fit: ${misfits.slice(0, 5).join(', ')}${misfits.length > 5 ? ' …' : ''}. Those hosts get another subnet when they restart.`,
          output.width,
        ).map((line) => output.paint('yellow', line));
  return [
    ...(isFirst ? [`${key} is new`] : changeLines(changes, output)),
    ...lost,
    ...(isFirst || changes.length === 0 ? [] : wrapText(restart, output.width)),
    ...ignoredLines(ignored, output),
  ];
}

/** `weft config set FILE`: checks, shows what changes, and writes unless somebody else did meanwhile. */
export const setCommand: Command = async ({ input, output, signal }) => {
  const word = oneWord(input);
  if (word === undefined) throw new CommandError('expected a file, - for standard input, or the JSON itself', 2);
  const source = await readSource(word, signal);
  const { network, ignored } = checked(source);
  const isDry = input.flags['dryRun'] === true;
  await withEtcd(input, async (client, config) => {
    const key = configKey(config.etcdPrefix);
    const seen = await readStoredConfig(client, key, signal);
    const old = before(seen);
    const { store } = openStore(client, config);
    const leases = await store.list(signal);
    const plan: Plan = {
      key,
      changes: old === undefined ? [] : configChanges(old, network),
      isFirst: old === undefined,
      misfits: leases
        .filter(({ lease }) => !isLeasable(network, lease.subnets))
        .map(({ key: name }) => name.slice(name.lastIndexOf('/') + 1)),
      ignored,
    };
    const text = source.text.trim();
    const isSame = seen.text === text;
    if (!isDry && !isSame && !(await writeConfig(client, { key, text, seen }, signal))) {
      throw new CommandError(`${key} was changed by somebody meanwhile: look at it and set it again`, 1);
    }
    if (input.flags['json'] === true) {
      output.json({ ...plan, written: !isDry && !isSame });
      return;
    }
    for (const line of planLines(plan, output)) output.line(line);
    output.line(isSame ? `${key} is so already` : isDry ? `${key} is not written` : `${key} is written`);
  });
  return 0;
};
