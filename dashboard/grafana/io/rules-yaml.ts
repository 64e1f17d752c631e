import { Document, type Scalar } from 'yaml';
import { isAcrossLabels, type InhibitRule } from '../../model/notify/inhibit.ts';
import { matcherText } from '../../model/alert/matcher.ts';
import type { Translation } from '../model/prometheus-rule.ts';
import { RULE_INTERVAL } from '../model/promql.ts';

const HEAD = ` Alerting rules for Prometheus 2.42 and later, made by "weft grafana" from the rules of the dashboard: make them anew, do not edit.
 Prometheus has to scrape weft statsd and weft flanneld on every host, and weft dashboard.
 The labels are those of the dashboard's own alerts. Where the two differ:
 - An alert whose series vanish ends here; the dashboard keeps it until it is known what became of its target.
 - A host counts as unreachable from the first scrape that fails; in the dashboard after 15 s without a word.
 - With several levels each is an alert of its own; alertmanager-inhibit.yaml keeps the milder one quiet.`;

const comment = (text: string): string => text.replaceAll(/[\r\n]+/g, ' ');

function unsaidText(unsaid: readonly Translation[]): string {
  if (unsaid.length === 0) return '';
  const lines = unsaid.map(({ rule, unsaid: reason }) => ` - ${rule.name}: ${comment(reason ?? '')}`);
  return `\n\n Not here:\n${lines.join('\n')}`;
}

/** Expressions of several lines stand as they are, and none is wrapped. */
const AS_IT_IS = { lineWidth: 0 } as const;

/** The rules file, group by group in the order of their names. */
export function rulesYaml(translations: readonly Translation[]): string {
  const said = translations.filter(({ unsaid }) => unsaid === undefined);
  const groups = [...new Set(said.map(({ rule }) => rule.group))].sort();
  const document = new Document({
    groups: groups.map((group) => ({
      name: group,
      interval: RULE_INTERVAL,
      rules: said.filter(({ rule }) => rule.group === group).flatMap((each) => each.said),
    })),
  });
  document.commentBefore = HEAD + unsaidText(translations.filter(({ unsaid }) => unsaid !== undefined));
  for (const [groupAt, group] of groups.entries()) {
    let ruleAt = 0;
    for (const { said: rules, remarks } of said.filter(({ rule }) => rule.group === group)) {
      const node = document.getIn(['groups', groupAt, 'rules', ruleAt], true) as Scalar;
      if (remarks.length > 0) node.commentBefore = remarks.map((remark) => ` ${comment(remark)}`).join('\n');
      ruleAt += rules.length;
    }
  }
  return document.toString(AS_IT_IS);
}

/** What the dashboard does not tell while something worse goes on, for Alertmanager's own file. */
export function inhibitYaml(rules: readonly InhibitRule[]): string {
  const said = rules.filter((rule) => !isAcrossLabels(rule));
  const unsaid = rules.filter(isAcrossLabels).map(({ name, equal }) => `\n Not here: ${name} (${equal.join(', ')})`);
  const document = new Document({
    inhibit_rules: said.map(({ sourceMatchers, targetMatchers, equal }) => ({
      source_matchers: sourceMatchers.map(matcherText),
      target_matchers: targetMatchers.map(matcherText),
      equal,
    })),
  });
  document.commentBefore = ` Made by "weft grafana": belongs into alertmanager.yml.${unsaid.join('')}`;
  return document.toString(AS_IT_IS);
}
