/** A flag as the help shows it and the parser reads it. */
export interface GoFlag {
  /** As it is spelled on the command line, without dashes. */
  readonly name: string;
  /** What stands for its value in the help; `undefined` for a boolean. */
  readonly value?: string;
  /** May be given again. */
  readonly repeatable?: true;
  readonly text: string;
}

export interface GoFlagGroup {
  readonly title: string;
  readonly flags: readonly GoFlag[];
}

export interface ParsedGoFlags {
  /** By name in camelCase; a boolean without `=` is `true`, a repeatable flag a list. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** One sentence for each word that is no flag or lacks its value. */
  readonly faults: readonly string[];
}

const camelOf = (name: string): string => name.replace(/[-_]([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/**
 * Go's flag syntax: one dash or two, `=` or the next word, and only `=` for a boolean. A flag that is not in the table is kept
 * under its name for the settings to complain about; `--` ends the flags.
 */
export function parseGoFlags(argv: readonly string[], table: readonly GoFlag[]): ParsedGoFlags {
  const known = new Map(table.map((flag) => [flag.name, flag]));
  const flags: Record<string, unknown> = {};
  const faults: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    const [, name, inline] = /^--?([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === undefined) {
      faults.push(
        `"${word}" is not a flag: expected one such as --${table[0]?.name ?? 'help'}; a boolean takes its value as =false`,
      );
      continue;
    }
    const flag = known.get(name);
    const isBoolean = flag !== undefined && flag.value === undefined;
    const value = inline ?? (isBoolean ? true : argv[++at]);
    if (value === undefined) faults.push(`${name}: expected a value`);
    else take(flags, { key: camelOf(name), value, repeatable: flag?.repeatable === true });
  }
  return { flags, faults };
}

function take(
  flags: Record<string, unknown>,
  { key, value, repeatable }: { key: string; value: unknown; repeatable: boolean },
): void {
  const before = flags[key];
  flags[key] = repeatable ? [...(Array.isArray(before) ? (before as unknown[]) : []), value] : value;
}

const WIDTH = 80;
const TEXT_COLUMN = 32;

/** Lines of at most `width` characters, broken between words. */
export function wrapWords(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function flagLines({ name, value, text }: GoFlag): string[] {
  const flag = `  --${name}${value === undefined ? '' : ` ${value}`}`;
  const [first = '', ...rest] = wrapWords(text, WIDTH - TEXT_COLUMN);
  const indented = rest.map((line) => ' '.repeat(TEXT_COLUMN) + line);
  if (flag.length < TEXT_COLUMN) return [flag.padEnd(TEXT_COLUMN) + first, ...indented];
  return [flag, ' '.repeat(TEXT_COLUMN) + first, ...indented];
}

/** The flags by group, for 80 columns. */
export function goFlagsHelp(groups: readonly GoFlagGroup[]): string {
  return groups.map(({ title, flags }) => [`${title}:`, ...flags.flatMap(flagLines), ''].join('\n')).join('\n');
}
