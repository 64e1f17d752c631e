import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../../native/host/config.ts';
import type { Clock } from '../../native/host/clock.ts';
import type { Logger } from '../../native/host/log.ts';
import type { AlertRule } from '../model/alert/rule.ts';
import type { RuleBook } from './rule-book.ts';
import { parseRules } from './rule-file.ts';
import { readRuleText } from './rule-text.ts';

/** Where rules are read from. */
export interface RulePaths {
  readonly rules?: string | undefined;
  readonly rulesDir?: string | undefined;
}

/** One file of rules. With `faults` its former rules stay in force; each is a sentence with file and line. */
export interface RuleFileState {
  readonly path: string;
  readonly rules: number;
  readonly faults: readonly string[];
}

interface Known {
  /** `undefined` while it cannot be read. */
  readonly text: string | undefined;
  readonly rules: readonly AlertRule[];
  readonly faults: readonly string[];
}

const UNKNOWN: Known = { text: undefined, rules: [], faults: [] };

/** How often the files are looked at, milliseconds. They are small, and a mounted folder changes by a link that no watch sees. */
const LOOK_EVERY_MS = 2000;

const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * The files of rules while they change. Invariant: what is in force of a file is what it last said without a fault; a file that is
 * taken away takes its rules along.
 */
export class RuleFiles {
  readonly #paths: RulePaths;
  #known = new Map<string, Known>();
  /** Of the folder itself. */
  #folderFault: string | undefined;

  constructor(paths: RulePaths) {
    this.#paths = paths;
    this.look();
  }

  /** What is in force, each name once: the first file that has it wins. */
  get rules(): readonly AlertRule[] {
    const names = new Set<string>();
    return [...this.#known.values()].flatMap(({ rules }) =>
      rules.filter(({ name }) => {
        const isNew = !names.has(name);
        names.add(name);
        return isNew;
      }),
    );
  }

  get states(): readonly RuleFileState[] {
    const owners = new Map<string, string>();
    const files = [...this.#known].map(([path, { rules, faults }]) => {
      const twice = rules.flatMap(({ name }) => {
        const owner = owners.get(name);
        if (owner === undefined) owners.set(name, path);
        return owner === undefined ? [] : [`${path}: ${owner} has a rule ${name} already, and that one is in force`];
      });
      return { path, rules: rules.length, faults: [...faults, ...twice] };
    });
    const { rulesDir: path = '' } = this.#paths;
    return this.#folderFault === undefined ? files : [{ path, rules: 0, faults: [this.#folderFault] }, ...files];
  }

  /** Reads what changed. @returns whether anything did. */
  look(): boolean {
    const before = this.#known;
    const folderFault = this.#folderFault;
    const paths = this.#list();
    this.#known = new Map(paths.map((path) => [path, this.#read(path)]));
    return (
      folderFault !== this.#folderFault ||
      before.size !== this.#known.size ||
      [...this.#known].some(([path, known]) => before.get(path) !== known)
    );
  }

  #list(): readonly string[] {
    const { rules, rulesDir } = this.#paths;
    const file = rules === undefined ? [] : [rules];
    if (rulesDir === undefined) return file;
    try {
      const names = readdirSync(rulesDir).filter((name) => /\.ya?ml$/.test(name) && !name.startsWith('.'));
      this.#folderFault = undefined;
      return [...names.sort().map((name) => join(rulesDir, name)), ...file];
    } catch (error) {
      // A folder that cannot be read for a moment has not lost its rules.
      this.#folderFault = `rules-dir: cannot read ${rulesDir}: ${sentenceOf(error)}`;
      return [...this.#known.keys()];
    }
  }

  #read(path: string): Known {
    const before = this.#known.get(path) ?? UNKNOWN;
    const read = textOf(path);
    if ('fault' in read)
      return before.faults[0] === read.fault ? before : { ...before, text: undefined, faults: [read.fault] };
    return before.text === read.text ? before : parsedFile({ path, text: read.text }, before.rules);
  }
}

function textOf(path: string): { readonly text: string } | { readonly fault: string } {
  try {
    return { text: readRuleText(path) };
  } catch (error) {
    return { fault: `${path}: cannot be read: ${sentenceOf(error)}` };
  }
}

/** What a file says; with a fault what it said before. */
function parsedFile({ path, text }: { path: string; text: string }, former: readonly AlertRule[]): Known {
  try {
    return { text, rules: parseRules(text, path), faults: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { text, rules: former, faults: error.faults };
  }
}

/** Looks at the files until the signal aborts, and puts in force what they say now. */
export async function followRuleFiles(
  {
    files,
    book,
    clock,
    log,
  }: { readonly files: RuleFiles; readonly book: RuleBook; readonly clock: Clock; readonly log: Logger },
  signal: AbortSignal,
): Promise<never> {
  for (;;) {
    await clock.sleep(LOOK_EVERY_MS, signal);
    if (!files.look()) continue;
    book.setFiles(files.rules);
    const faults = files.states.flatMap((state) => state.faults);
    if (faults.length > 0) log.error({ faults }, 'rule files have faults; their former rules stay in force');
    else log.info({ rules: files.rules.length }, 'rule files reloaded');
  }
}
