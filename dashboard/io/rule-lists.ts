import { ConfigError } from '../../native/host/config.ts';
import type { AlertRule } from '../model/alert/rule.ts';
import type { RuleLists } from '../model/alert/rule-set.ts';
import { OWN_RULES, STARTER_RULES } from '../model/alert/starter-rules.ts';
import { readRules, readRulesDir } from './rule-file.ts';

/** The rules of files, and those that weft brings along; a file in place of the starter rules. @throws {ConfigError} with every fault. */
export function readRuleLists({
  rules,
  rulesDir,
}: {
  readonly rules?: string | undefined;
  readonly rulesDir?: string | undefined;
}): Omit<RuleLists, 'api'> {
  const faults: string[] = [];
  const attempt = (read: () => readonly AlertRule[]): readonly AlertRule[] => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      faults.push(...error.faults);
      return [];
    }
  };
  const inFolder = rulesDir === undefined ? [] : attempt(() => readRulesDir(rulesDir));
  const inFile = rules === undefined ? [] : attempt(() => readRules(rules));
  if (faults.length > 0) throw new ConfigError(faults);
  return {
    files: [...inFolder, ...inFile],
    builtin: rules === undefined ? [...STARTER_RULES, ...OWN_RULES] : OWN_RULES,
  };
}
