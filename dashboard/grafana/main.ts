import { join } from 'node:path';
import { HostFileError, writeFileAtomic } from '../../native/host/atomic-file.ts';
import type { AgentInput } from '../../native/host/config.ts';
import { reportConfigError, type ExitCode } from '../../native/host/lifecycle.ts';
import { readRuleLists } from '../io/rule-lists.ts';
import { mergeRules } from '../model/alert/rule-set.ts';
import { loadGrafanaSettings } from './config.ts';
import { generate, type Generated } from './generate.ts';

function* told({ files, translations }: Generated, out: string): Generator<string> {
  for (const path of files.keys()) yield `wrote ${join(out, path)}`;
  const count = translations.reduce((sum, { said }) => sum + said.length, 0);
  yield `${translations.length} rules of the dashboard are ${count} rules of Prometheus`;
  for (const { rule, unsaid, remarks } of translations) {
    if (unsaid !== undefined) yield `not said: ${rule.name}: ${unsaid}`;
    for (const remark of remarks) yield `differs: ${rule.name}: ${remark}`;
  }
}

/** `weft grafana`: writes dashboards, provisioning and rules. What cannot be written, and settings that are wrong: a sentence each. */
export async function runGrafana({ flags }: Pick<AgentInput, 'flags'>): Promise<ExitCode> {
  try {
    const settings = loadGrafanaSettings({ flags });
    const generated = generate(mergeRules({ ...readRuleLists(settings), api: [] }), settings);
    for (const [path, text] of generated.files) await writeFileAtomic(join(settings.out, path), text);
    for (const line of told(generated, settings.out)) process.stdout.write(`${line}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof HostFileError)) return reportConfigError('weft grafana', error);
    process.stderr.write(`weft grafana: out: ${error.message}; expected a folder that can be written\n`);
    return 2;
  }
}
