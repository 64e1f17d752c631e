import type { AlertRule } from './rule.ts';

/** Where rules come from; an earlier list wins over a later one, by name and by id. */
export interface RuleLists {
  readonly files: readonly AlertRule[];
  readonly api: readonly AlertRule[];
  readonly builtin: readonly AlertRule[];
}

/** The rules in force. Files win over what the API made, that over what weft brings along. */
export function mergeRules({ files, api, builtin }: RuleLists): readonly AlertRule[] {
  const names = new Set<string>();
  const ids = new Set<string>();
  return [...files, ...api, ...builtin].filter(({ name, id }) => {
    const known = names.has(name) || ids.has(id);
    names.add(name);
    ids.add(id);
    return !known;
  });
}
