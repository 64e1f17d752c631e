import { parser } from '@prometheus-io/lezer-promql';
import { dashboards } from '../../../dashboard/grafana/model/dashboards.ts';
import { translate } from '../../../dashboard/grafana/model/prometheus-rule.ts';
import type { AlertRule } from '../../../dashboard/model/alert/rule.ts';

/** One query, and where it stands. */
export interface Expression {
  readonly place: string;
  readonly expr: string;
}

/** What Grafana puts in before it asks. */
const VARIABLES: Readonly<Record<string, string>> = {
  $__rate_interval: '15s',
  $__range: '1m',
  $host: '.*',
  $container: '.*',
  $project: '.*',
};

function filledIn(expr: string): string {
  return expr.replaceAll(/\$\w+/g, (name) => VARIABLES[name] ?? name);
}

/** Every query of every dashboard, with its variables filled in; then every rule. */
export function allExpressions(rules: readonly AlertRule[]): readonly Expression[] {
  const inDashboards = dashboards(rules).flatMap(({ uid, rows, variables }) => [
    ...rows.flatMap(({ panels }) =>
      panels.flatMap(({ title, queries }) =>
        queries.map(({ expr }) => ({ place: `${uid}: ${title}`, expr: filledIn(expr) })),
      ),
    ),
    ...variables.map(({ name, query }) => ({
      place: `${uid}: $${name}`,
      expr: filledIn(query.replace(/^label_values\((.*), \w+\)$/s, '$1')),
    })),
  ]);
  const inRules = rules.flatMap((rule) => translate(rule).said.map(({ alert, expr }) => ({ place: alert, expr })));
  return [...inDashboards, ...inRules];
}

/** What of an expression is no PromQL. */
export function syntaxFaults(expr: string): string[] {
  const faults: string[] = [];
  parser.parse(expr).iterate({
    enter: ({ type, from, to }) => {
      if (type.isError) faults.push(`at ${from}: ${expr.slice(from, to + 20)}`);
    },
  });
  return faults;
}

/** The metrics that an expression asks for. */
export function metricsIn(expr: string): string[] {
  const metrics = new Set<string>();
  parser.parse(expr).iterate({
    enter: (node) => {
      if (node.name !== 'VectorSelector') return;
      const name = node.node.getChild('Identifier');
      metrics.add(name === null ? expr.slice(node.from, node.to) : expr.slice(name.from, name.to));
    },
  });
  return [...metrics];
}
