import type { Hono } from 'hono';
import type { Clock } from '../../../native/host/clock.ts';
import { backtest } from '../../model/alert/backtest.ts';
import { seriesSource } from '../../model/alert/backtest-source.ts';
import type { AlertBook } from '../../model/alert/book.ts';
import { ALERT_METRICS, metricInfo } from '../../model/alert/metric.ts';
import { ruleSource } from '../../model/alert/rule-source.ts';
import { ruleView } from '../../model/alert/view.ts';
import type { Cluster } from '../../model/cluster.ts';
import type { HistoryStore } from '../history/history-store.ts';
import type { Env } from '../http.ts';
import { problem } from '../problem.ts';
import type { RuleBook } from '../rule-book.ts';
import type { RuleFiles } from '../rule-files.ts';
import { jsonObject } from './access.ts';
import { readPasts } from './backtest-past.ts';
import type { Doors } from './doors.ts';

/** What rules need. */
export interface RulesApiParts {
  readonly rules: RuleBook;
  readonly ruleFiles: Pick<RuleFiles, 'states'>;
  readonly book: AlertBook;
  readonly cluster: Cluster;
  /** What is older than memory. */
  readonly history: Pick<HistoryStore, 'ask'>;
  readonly clock: Clock;
}

/** What rules can be about. */
const METRIC_FACTS = ALERT_METRICS.map((name) => {
  const { subject, unit, counter } = metricInfo(name);
  return { name, subject, unit, counter: counter === true };
});

/** Names of what a rule would look at that are shown at most. */
const PREVIEW_NAMES = 50;

/** Rules in force, rules of the API, and what a rule that is not saved yet would do. */
export function addRules(api: Hono<Env>, parts: RulesApiParts, { reading, changing }: Doors): void {
  const { rules, ruleFiles, book, cluster, history, clock } = parts;
  const view = (id: string): object | undefined => {
    const rule = book.rules.find((each) => each.id === id);
    if (rule === undefined) return undefined;
    const file = rule.origin.kind === 'file' ? rule.origin.path : null;
    return { ...ruleView(rule, book.healthOf(id)), file, rule, source: rules.source(id) ?? ruleSource(rule) };
  };
  api.get(
    '/rules',
    reading((context) =>
      context.json({ rules: book.rules.map(({ id }) => view(id)), metrics: METRIC_FACTS, files: ruleFiles.states }),
    ),
  );
  api.get(
    '/rules/:id',
    reading((context) => {
      const rule = view(context.req.param('id') ?? '');
      return rule === undefined ? problem(context, 404, 'there is no such rule') : context.json(rule);
    }),
  );
  api.post(
    '/rules',
    changing(async (context) => {
      const rule = rules.put((await jsonObject(context)) ?? {});
      return context.json(view(rule.id) ?? {}, 201);
    }),
  );
  api.put(
    '/rules/:id',
    changing(async (context) => {
      const rule = rules.put((await jsonObject(context)) ?? {}, context.req.param('id'));
      return context.json(view(rule.id) ?? {});
    }),
  );
  api.delete(
    '/rules/:id',
    changing((context) => {
      rules.remove(context.req.param('id') ?? '');
      return context.json({});
    }),
  );
  api.post(
    '/rules/preview',
    changing(async (context) => {
      const rule = rules.parse(await jsonObject(context));
      const targets = book.preview(rule, { cluster, self: [] });
      const names = targets
        .slice(0, PREVIEW_NAMES)
        .map(({ labels }) => ({ host: labels['host'], container: labels['container'] }));
      return context.json({ matches: targets.length, targets: names });
    }),
  );
  api.post(
    '/rules/backtest',
    changing(async (context) => {
      const rule = rules.parse(await jsonObject(context));
      const targets = book.preview(rule, { cluster, self: [] });
      const nowUnixMs = clock.nowMs();
      const { stored, partial } = await readPasts(rule, targets, { store: history, nowUnixMs });
      const result = backtest(
        rule,
        targets.map((target) => ({ target, source: seriesSource(target, nowUnixMs, stored.get(target.key)) })),
      );
      return context.json({ ...result, looksAt: targets.length, partial: partial ?? null });
    }),
  );
}
