import type { Alert, ResolvedState } from './alert.ts';
import { Choices } from './choices.ts';
import { composeAlert, isOtherState } from './compose.ts';
import { MAX_ALERTS, Pass, RESOLVED_RETENTION_MS, type Evaluation, type EvaluationNow } from './evaluation.ts';
import { isFlapping, keepFiringMs, withTransition } from './flap.ts';
import { leadingLevel, remapLevels, stepLevels, type Instance, type LevelState } from './instance.ts';
import { QueryReader } from './query.ts';
import { freshInstance, RuleRun, type Observe, type RuleHealth, type RunSink, type RunTime } from './rule-run.ts';
import { subjectOf, type AlertRule } from './rule.ts';
import { nextAlertState, trustedElapsedMs, type ResolvedReason } from './state.ts';
import { Targets, type AlertTarget, type AlertWorld } from './target.ts';

const HEALTHY: RuleHealth = { state: 'ok', message: undefined, sinceUnixMs: 0 };

/**
 * Holds every alert and evaluates all rules over a cluster. Invariant: at most one alert per fingerprint, and at most one
 * active alert per rule and target.
 */
export class AlertBook {
  readonly #alerts = new Map<string, Alert>();
  readonly #targets = new Targets();
  readonly #queries = new QueryReader();
  #runs = new Map<string, RuleRun>();
  readonly #choices = new Choices();
  #lastMonotonicMs: number | undefined;
  #startedMonotonicMs: number | undefined;
  #passes = 0;
  #rulesChanged = true;
  /** A preview saw that targets are others; the next evaluation has yet to act on it. */
  #targetsMoved = false;

  constructor(rules: readonly AlertRule[], restored: readonly Alert[]) {
    for (const alert of restored) this.#alerts.set(alert.fingerprint, alert);
    this.setRules(rules);
    for (const alert of restored) this.#adopt(alert);
  }

  get alerts(): readonly Alert[] {
    return [...this.#alerts.values()];
  }

  get rules(): readonly AlertRule[] {
    return [...this.#runs.values()].map(({ rule }) => rule);
  }

  /** The alert with this identity, whatever its state. */
  get(identity: string): Alert | undefined {
    return this.#alerts.get(identity);
  }

  healthOf(ruleId: string): RuleHealth {
    return this.#runs.get(ruleId)?.health ?? HEALTHY;
  }

  /** The targets that a rule would look at now. @throws {RangeError} for a regular expression that cannot be used. */
  preview(rule: AlertRule, world: AlertWorld): readonly AlertTarget[] {
    const { takes } = new RuleRun(rule, HEALTHY);
    this.#targetsMoved = this.#targets.refresh(world) || this.#targetsMoved;
    return this.#targets.of(subjectOf(rule)).filter(({ labels }) => takes(labels));
  }

  /** Puts other rules in force; a rule that keeps its id keeps its alerts. @throws {RangeError} for an unusable scope. */
  setRules(rules: readonly AlertRule[]): void {
    const runs = rules.map((rule) => new RuleRun(rule, this.healthOf(rule.id)));
    for (const run of runs) {
      const before = this.#runs.get(run.rule.id);
      if (before !== undefined) run.inherit(before);
    }
    this.#runs = new Map(runs.map((run) => [run.rule.id, run]));
    this.#queries.use(rules.flatMap(({ query, and }) => [query, ...and.map((condition) => condition.query)]));
    for (const run of runs) run.use(this.#queries);
    this.#choices.use(runs);
    this.#rulesChanged = true;
  }

  /** Evaluates every rule once. */
  evaluate(world: AlertWorld, now: EvaluationNow): Evaluation {
    const { nowUnixMs, monotonicMs } = now;
    const elapsedMs = this.#lastMonotonicMs === undefined ? 0 : trustedElapsedMs(monotonicMs - this.#lastMonotonicMs);
    this.#lastMonotonicMs = monotonicMs;
    this.#startedMonotonicMs ??= monotonicMs;
    this.#passes += 1;
    const moved = this.#targets.refresh(world) || this.#targetsMoved;
    this.#targetsMoved = false;
    const pass = new Pass({ elapsedMs, nowUnixMs });
    const time: RunTime = {
      nowUnixMs,
      monotonicMs,
      startedMonotonicMs: this.#startedMonotonicMs,
      pass: this.#passes,
      grace: now.grace === true,
      relabelled: this.#rulesChanged ? 'rule_changed' : moved ? 'labels_changed' : undefined,
    };
    this.#queries.advance(this.#targets, monotonicMs);
    for (const run of this.#runs.values()) if (run.rule.enabled) this.#run(run, { world, time, pass });
    this.#endOrphans(pass);
    this.#watchFlapping(pass);
    this.#forget(now, pass);
    this.#rulesChanged = false;
    return pass;
  }

  /** One rule's failure is its own: the others go on, and its alerts stay as they are. */
  #run(run: RuleRun, { world, time, pass }: { world: AlertWorld; time: RunTime; pass: Pass }): void {
    const complaints: RuleHealth[] = [];
    const complain = (state: 'error' | 'limited', message: string): void => {
      complaints.push({ state, message, sinceUnixMs: time.nowUnixMs });
    };
    try {
      run.evaluate(this.#choices.of(run, this.#targets), {
        time,
        cluster: world.cluster,
        sink: this.#sink(run, pass, complain),
      });
    } catch (error) {
      complain('error', error instanceof Error ? error.message : String(error));
    }
    const worst = complaints.find(({ state }) => state === 'error') ?? complaints[0];
    const health = worst ?? { state: 'ok', message: undefined, sinceUnixMs: time.nowUnixMs };
    if (health.state === run.health.state) run.health = { ...health, sinceUnixMs: run.health.sinceUnixMs };
    else run.health = health;
  }

  #sink(run: RuleRun, pass: Pass, complain: (state: 'error' | 'limited', message: string) => void): RunSink {
    return {
      step: (instance, observe) => {
        this.#step(run, instance, { observe, pass });
      },
      open: (target) => {
        const instance = freshInstance(run, target);
        const taken = [...instance.identities.values()].find((identity) => this.#isActive(identity.fingerprint));
        if (taken !== undefined) {
          pass.duplicates += 1;
          complain('error', `two targets have the same labels: ${Object.values(taken.labels).join(', ')}`);
          return undefined;
        }
        if (run.instances.size >= run.rule.limit || this.#alerts.size >= MAX_ALERTS) {
          pass.refused += 1;
          complain(
            'limited',
            `more than ${Math.min(run.rule.limit, MAX_ALERTS)} alerts at once: further ones are left out`,
          );
          return undefined;
        }
        run.instances.set(target.key, instance);
        return instance;
      },
      noDataSinceUnixMs: ({ shown }) => this.#alerts.get(shown?.fingerprint ?? '')?.noDataSinceUnixMs,
    };
  }

  #isActive(identity: string): boolean {
    const alert = this.#alerts.get(identity);
    return alert !== undefined && alert.state.kind !== 'resolved';
  }

  #step(run: RuleRun, instance: Instance, { observe, pass }: { observe: Observe; pass: Pass }): void {
    const { rule } = run;
    const known = this.#alerts.get(instance.shown?.fingerprint ?? '');
    const keepFiringForMs = keepFiringMs(rule.keepFiringForMs, known?.transitions ?? [], pass.time.nowUnixMs);
    const timing = { forMs: rule.forMs, keepFiringForMs };
    const levels = stepLevels(instance.levels, observe, { timing, time: pass.time });
    if (levels === instance.levels) {
      if (instance.shown === undefined) run.instances.delete(instance.target);
      return;
    }
    instance.levels = levels;
    const leading = leadingLevel(levels);
    if (leading === undefined) {
      run.instances.delete(instance.target);
      if (known !== undefined) this.#end(known, instance, pass);
      return;
    }
    this.#show(rule, instance, { leading, known, pass });
  }

  #show(
    rule: AlertRule,
    instance: Instance,
    { leading, known, pass }: { leading: LevelState; known: Alert | undefined; pass: Pass },
  ): void {
    const { severity, state } = leading;
    const identity = instance.identities.get(severity);
    if (identity === undefined || state.kind === 'inactive' || state.kind === 'resolved') return;
    const same = known?.fingerprint === identity.fingerprint;
    if (known !== undefined && !same) this.#endAs(known, 'severity_changed', pass);
    instance.shown = { ...identity, severity };
    const old = same ? known : this.#alerts.get(identity.fingerprint);
    const { target, levels, shown } = instance;
    const alert = composeAlert({ rule, target, identity: shown, state, levels, old, nowUnixMs: pass.time.nowUnixMs });
    this.#alerts.set(alert.fingerprint, alert);
    if (isOtherState(old, alert)) pass.changed.push(alert);
  }

  /** No level is active any more. */
  #end(alert: Alert, instance: Instance, pass: Pass): void {
    if (alert.state.kind === 'pending') {
      this.#takeBack(alert, pass);
      return;
    }
    const ended = instance.levels.find(({ severity }) => severity === alert.severity)?.state;
    if (ended?.kind === 'resolved') this.#resolve(alert, ended, pass);
    else this.#endAs(alert, 'recovered', pass);
  }

  #endAs(alert: Alert, reason: ResolvedReason, pass: Pass): void {
    const rule = { timing: { forMs: 0, keepFiringForMs: 0 }, time: pass.time };
    const state = nextAlertState(alert.state, { kind: 'ended', reason }, rule);
    if (state.kind === 'resolved') this.#resolve(alert, state, pass);
    else this.#takeBack(alert, pass);
  }

  #resolve(alert: Alert, state: ResolvedState, pass: Pass): void {
    const at = pass.time.nowUnixMs;
    const transitions =
      state.reason === 'severity_changed'
        ? alert.transitions
        : withTransition(alert.transitions, { atUnixMs: at, to: 'resolved' });
    const resolved = { ...alert, state, transitions, levels: [], noDataSinceUnixMs: undefined, before: undefined };
    this.#alerts.set(alert.fingerprint, resolved);
    pass.changed.push(resolved);
  }

  /** A pending alert came to nothing: what was resolved before is shown (and told) again, or nothing is left. */
  #takeBack(alert: Alert, pass: Pass): void {
    if (alert.before === undefined) {
      this.#alerts.delete(alert.fingerprint);
      pass.removed.push(alert.fingerprint);
      return;
    }
    const restored = { ...alert, state: alert.before, before: undefined, levels: [], noDataSinceUnixMs: undefined };
    this.#alerts.set(alert.fingerprint, restored);
    pass.changed.push(restored);
  }

  /** Alerts whose rule was taken away or switched off. */
  #endOrphans(pass: Pass): void {
    if (!this.#rulesChanged) return;
    for (const alert of this.alerts) {
      if (alert.state.kind === 'resolved') continue;
      const run = this.#runs.get(alert.ruleId);
      if (run?.rule.enabled === true && run.instances.has(alert.target)) continue;
      run?.instances.delete(alert.target);
      this.#endAs(alert, run === undefined ? 'rule_deleted' : 'rule_changed', pass);
    }
  }

  #watchFlapping(pass: Pass): void {
    for (const alert of this.#alerts.values()) {
      if (alert.transitions.length === 0) continue;
      const flapping = isFlapping(alert.flapping, alert.transitions, pass.time.nowUnixMs);
      if (flapping === alert.flapping) continue;
      const next = { ...alert, flapping };
      this.#alerts.set(alert.fingerprint, next);
      pass.changed.push(next);
    }
  }

  #forget({ nowUnixMs, owed }: EvaluationNow, pass: Pass): void {
    for (const alert of this.#alerts.values()) {
      const { state } = alert;
      if (state.kind !== 'resolved' || nowUnixMs - state.resolvedAtUnixMs < RESOLVED_RETENTION_MS || owed(alert))
        continue;
      this.#alerts.delete(alert.fingerprint);
      pass.removed.push(alert.fingerprint);
    }
  }

  /** Gives an active alert of an earlier process back to its rule. */
  #adopt(alert: Alert): void {
    const run = this.#runs.get(alert.ruleId);
    if (run === undefined || alert.state.kind === 'resolved') return;
    const { labels, fingerprint, severity } = alert;
    const identities = new Map([[severity, { labels, fingerprint }]]);
    run.instances.set(alert.target, {
      target: alert.target,
      identities,
      madeOf: undefined,
      levels: remapLevels(run.rule, alert.levels),
      shown: { labels, fingerprint, severity },
      missingSinceMs: undefined,
      restored: true,
      pass: -1,
    });
  }
}
