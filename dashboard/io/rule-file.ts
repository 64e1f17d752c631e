import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { ConfigError } from '../../native/host/config.ts';
import type { AlertRule } from '../model/alert/rule.ts';
import { ruleSchema } from './rule-schema.ts';
import { readRuleText } from './rule-text.ts';
import { valuesOf } from './yaml-values.ts';

const fileSchema = z.strictObject({ rules: z.array(ruleSchema).max(200) });

function placeOf(path: readonly PropertyKey[]): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '');
}

/** The line of the nearest thing that exists on the way to `path`. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let depth = path.length; depth >= 0; depth -= 1) {
    const node = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function duplicateNames(rules: readonly AlertRule[]): { readonly index: number; readonly name: string }[] {
  return rules.flatMap(({ name }, index) =>
    rules.findIndex((other) => other.name === name) < index ? [{ index, name }] : [],
  );
}

/** Reads rules from YAML text; `path` is for the faults. @throws {ConfigError} with every fault and its line. */
export function parseRules(text: string, path: string): readonly AlertRule[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const broken = document.errors.map(({ pos, message }) => `${path}:${lines.linePos(pos[0]).line}: ${message}`);
  if (broken.length > 0) throw new ConfigError(broken);
  const result = fileSchema.safeParse(valuesOf(document, path));
  if (!result.success) {
    throw new ConfigError(
      result.error.issues.flatMap((issue) => {
        const keys = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
        const message = issue.code === 'unrecognized_keys' ? 'unknown setting' : issue.message;
        return keys.map((at) => {
          const place = at.length === 0 ? 'the file' : placeOf(at);
          return `${path}:${lineOf(document, lines, at)}: ${place}: ${message}`;
        });
      }),
    );
  }
  const twice = duplicateNames(result.data.rules).map(({ index, name }) => {
    const line = lineOf(document, lines, ['rules', index, 'name']);
    return `${path}:${line}: rules[${index}].name: another rule is called ${name} already`;
  });
  if (twice.length > 0) throw new ConfigError(twice);
  return result.data.rules.map((rule) => ({ ...rule, origin: { kind: 'file', path } }));
}

/** Reads a rules file. @throws {ConfigError} */
export function readRules(path: string): readonly AlertRule[] {
  let text: string;
  try {
    text = readRuleText(path);
  } catch (cause) {
    throw new ConfigError([`rules: cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}`]);
  }
  return parseRules(text, path);
}

/** The rules of every `*.yaml` and `*.yml` in a folder, in the order of their names. @throws {ConfigError} with the faults of all files */
export function readRulesDir(folder: string): readonly AlertRule[] {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name) && !name.startsWith('.'));
  } catch (cause) {
    throw new ConfigError([
      `rules-dir: cannot read ${folder}: ${cause instanceof Error ? cause.message : String(cause)}`,
    ]);
  }
  const faults: string[] = [];
  const rules = names.sort().flatMap((name) => {
    try {
      return readRules(join(folder, name));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      faults.push(...error.faults);
      return [];
    }
  });
  for (const { index, name } of duplicateNames(rules)) {
    const { origin } = rules[index] ?? {};
    const place = origin?.kind === 'file' ? origin.path : folder;
    faults.push(`${place}: another rule is called ${name} already`);
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return rules;
}
