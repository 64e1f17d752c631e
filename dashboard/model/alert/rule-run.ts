import type { Cluster } from '../cluster.ts';
import { FORGET_AFTER_MS } from '../cluster.ts';
import { identitiesOf, remapLevels, type Instance, type LevelState } from './instance.ts';
import type { Labels, LabelTest } from './matcher.ts';
import { metricInfo } from './metric.ts';
import { freshness, type Column, type QueryReader, type Reader } from './query.ts';
import { compileScope, holds, type AlertRule, type Condition } from './rule.ts';
import { EVALUATION_INTERVAL_MS, INACTIVE, type Observation, type ResolvedReason } from './state.ts';
import type { AlertTarget } from './target.ts';

/** What a rule's last evaluation came to. */
export interface RuleHealth {
  readonly state: 'ok' | 'error' | 'limited';
  readonly message: string | undefined;
  readonly sinceUnixMs: number;
}

/** Data that is missing for two evaluations is missing. */
const MISSING_AFTER_MS = 2 * EVALUATION_INTERVAL_MS;

export interface RunTime {
  readonly nowUnixMs: number;
  readonly monotonicMs: number;
  readonly startedMonotonicMs: number;
  /** Counts evaluations. */
  readonly pass: number;
  /** Soon after the start nothing is resolved, until every known host was heard. */
  readonly grace: boolean;
  /** Why alerts may be known by other labels than at the last evaluation. */
  readonly relabelled: 'labels_changed' | 'rule_changed' | undefined;
}

/** Of which level an observation is asked. */
export type Observe = (level: LevelState, index: number) => Observation;

export interface RunSink {
  /** One evaluation of an instance. */
  step(instance: Instance, observe: Observe): void;
  /** A target's condition holds and there is no instance of it: gives the instance, or `undefined` when there must be none. */
  open(target: AlertTarget): Instance | undefined;
  /** Since when the instance's host does not report. */
  noDataSinceUnixMs(instance: Instance): number | undefined;
}

const frozen = (noData: boolean): Observation => ({ kind: 'unknown', noData });

/** One rule while it runs: its choice of targets made ready, and its instances by target. */
export class RuleRun {
  readonly rule: AlertRule;
  readonly takes: LabelTest;
  readonly instances = new Map<string, Instance>();
  health: RuleHealth;
  /** Targets that had data once, and since when they have none; only of rules that take missing data for trouble. */
  readonly #missingSince = new Map<string, number | undefined>();
  #value: Reader = () => Number.NaN;
  #column: Column | undefined;
  #and: readonly { readonly condition: Condition; readonly read: Reader }[] = [];
  /** By labels, which stay the same object while they stay the same: a target that is refused is asked about each second. */
  readonly #identities = new WeakMap<Labels, Instance['identities']>();

  /** @throws {RangeError} for a regular expression that cannot be used. */
  constructor(rule: AlertRule, health: RuleHealth) {
    this.rule = rule;
    this.takes = compileScope(rule);
    this.health = health;
  }

  /** What a target's alerts are known by, for each severity. */
  identitiesOf(target: AlertTarget): Instance['identities'] {
    const known = this.#identities.get(target.labels) ?? identitiesOf(this.rule, target);
    this.#identities.set(target.labels, known);
    return known;
  }

  use(queries: QueryReader): void {
    this.#value = queries.reader(this.rule.query);
    this.#column = queries.column(this.rule.query);
    this.#and = this.rule.and.map((condition) => ({ condition, read: queries.reader(condition.query) }));
  }

  /** Takes over what an earlier version of the rule had. */
  inherit(before: RuleRun): void {
    for (const instance of before.instances.values()) {
      instance.levels = remapLevels(this.rule, instance.levels);
      this.instances.set(instance.target, instance);
    }
  }

  evaluate(targets: readonly AlertTarget[], run: { time: RunTime; cluster: Cluster; sink: RunSink }): void {
    const { op, levels, noData } = this.rule;
    const { threshold } = levels[0];
    // Nearly all targets are quiet all the time: their value alone says that nothing begins there.
    const values = noData === 'alert' ? undefined : this.#column?.values();
    for (const target of targets) {
      const known = this.instances.size === 0 ? undefined : this.instances.get(target.key);
      if (known !== undefined) this.#lookAgain(target, known, run);
      else if (values !== undefined && holds(op, values[target.index] ?? Number.NaN, threshold) !== true) continue;
      else if (this.#begins(target, run.time)) this.#begin(target, run.time, run.sink);
    }
    for (const instance of this.instances.values()) {
      if (instance.pass === run.time.pass) continue;
      const observation = this.#absent(instance, run);
      run.sink.step(instance, () => observation);
    }
  }

  #lookAgain(target: AlertTarget, known: Instance, { time, sink }: { time: RunTime; sink: RunSink }): void {
    known.pass = time.pass;
    const reason = time.relabelled;
    if (reason === undefined || this.#isSame(known, target)) {
      sink.step(known, this.#observer(target, known, { time, sink }));
      return;
    }
    sink.step(known, () => ({ kind: 'ended', reason }));
    if (this.#begins(target, time)) this.#begin(target, time, sink);
  }

  #begin(target: AlertTarget, time: RunTime, sink: RunSink): void {
    const instance = sink.open(target);
    if (instance === undefined) return;
    instance.pass = time.pass;
    instance.missingSinceMs = this.#missingSince.get(target.key);
    sink.step(instance, this.#observer(target, instance, { time, sink }));
  }

  /** Whether an alert about a target would begin now. */
  #begins(target: AlertTarget, { monotonicMs }: RunTime): boolean {
    const value = this.#known(target);
    if (this.rule.noData === 'alert' && this.#isMissing(target, value, monotonicMs)) return true;
    return holds(this.rule.op, value, this.rule.levels[0].threshold) === true && this.#others(target) === true;
  }

  /** Whether a target that had data has none any more. */
  #isMissing(target: AlertTarget, value: number, monotonicMs: number): boolean {
    const { key } = target;
    if (!Number.isNaN(value)) {
      this.#missingSince.set(key, undefined);
      return false;
    }
    if (!this.#missingSince.has(key) || freshness(target) === 'late') return false;
    const since = this.#missingSince.get(key) ?? monotonicMs;
    this.#missingSince.set(key, since);
    return monotonicMs - since >= MISSING_AFTER_MS;
  }

  /** The value as far as it may be used: NaN of what does not report just now. */
  #known(target: AlertTarget): number {
    return freshness(target) === 'live' || metricInfo(this.rule.query.metric).alwaysKnown === true
      ? this.#value(target)
      : Number.NaN;
  }

  /** Whether all further conditions hold; `undefined` when one cannot be told. */
  #others(target: AlertTarget): boolean | undefined {
    let all: boolean | undefined = true;
    for (const { condition, read } of this.#and) {
      const one = holds(condition.op, read(target), condition.threshold);
      if (one === false) return false;
      if (one === undefined) all = undefined;
    }
    return all;
  }

  /** Whether an instance still makes the same alert; an alert is its labels. */
  #isSame(instance: Instance, target: AlertTarget): boolean {
    const { madeOf } = instance;
    if (madeOf?.rule === this.rule && madeOf.labels === target.labels) return true;
    instance.identities = this.identitiesOf(target);
    instance.madeOf = { rule: this.rule, labels: target.labels };
    const { shown } = instance;
    if (shown === undefined || !instance.identities.has(shown.severity)) return true;
    return instance.identities.get(shown.severity)?.fingerprint === shown.fingerprint;
  }

  #observer(target: AlertTarget, instance: Instance, at: { readonly time: RunTime; readonly sink: RunSink }): Observe {
    const { time, sink } = at;
    const value = this.#known(target);
    if (Number.isNaN(value) && freshness(target) === 'late') return () => frozen(false);
    if (Number.isNaN(value)) {
      const observation = this.#missing(instance, freshness(target) === 'silent', { time, sink });
      return () => observation;
    }
    instance.missingSinceMs = undefined;
    if (this.rule.noData === 'alert') this.#missingSince.set(target.key, undefined);
    const others = this.#others(target);
    if (others === undefined) return () => frozen(false);
    return (level, index) => this.#sample(value, { level, index, others, instance, time });
  }

  #sample(
    value: number,
    seen: { level: LevelState; index: number; others: boolean; instance: Instance; time: RunTime },
  ): Observation {
    const { op, levels, query } = this.rule;
    const level = levels[seen.index];
    if (level === undefined) return frozen(false);
    const passes = (threshold: number): boolean => seen.others && holds(op, value, threshold) === true;
    const stays = passes(level.recovery) || passes(level.threshold);
    const { time, instance } = seen;
    const warm = !instance.restored || time.monotonicMs - time.startedMonotonicMs >= query.windowMs;
    // What an earlier process saw within the window is not known here: that it is over cannot be told yet.
    if (!stays && seen.level.state.kind === 'firing' && (time.grace || !warm)) return frozen(false);
    return { kind: 'sample', holds: passes(level.threshold), stays, value };
  }

  #missing(instance: Instance, silent: boolean, { time, sink }: { time: RunTime; sink: RunSink }): Observation {
    instance.missingSinceMs ??= time.monotonicMs;
    const since = sink.noDataSinceUnixMs(instance);
    if (since !== undefined && time.nowUnixMs - since > FORGET_AFTER_MS) return { kind: 'ended', reason: 'stale' };
    if (time.grace || time.monotonicMs - instance.missingSinceMs < MISSING_AFTER_MS) return frozen(silent);
    switch (this.rule.noData) {
      case 'keep':
        return frozen(silent);
      case 'ok':
        return { kind: 'ended', reason: 'no_data' };
      case 'alert':
        return { kind: 'alarm' };
    }
  }

  /** What became of a target that the rule does not look at any more. */
  #absent(
    instance: Instance,
    { time, cluster, sink }: { time: RunTime; cluster: Cluster; sink: RunSink },
  ): Observation {
    instance.pass = time.pass;
    const since = sink.noDataSinceUnixMs(instance);
    if (since !== undefined && time.nowUnixMs - since > FORGET_AFTER_MS) return { kind: 'ended', reason: 'stale' };
    const ended = this.#endOf(instance, time, cluster);
    return ended === undefined || time.grace ? frozen(ended === undefined) : { kind: 'ended', reason: ended };
  }

  /** Why the target is gone; `undefined` while that is not certain. */
  #endOf({ target, restored }: Instance, time: RunTime, cluster: Cluster): ResolvedReason | undefined {
    const { subject } = metricInfo(this.rule.query.metric);
    if (subject === 'self') return 'target_gone';
    const host = cluster.hosts.get(target.slice(0, target.indexOf('/')));
    // Not heard of since this process started: nothing new can be decided.
    if (host === undefined) return restored ? undefined : 'stale';
    if (subject === 'host') return 'rule_changed';
    if (host.state === 'stale' || host.feed.host === undefined) return undefined;
    if (subject === 'container') return cluster.find(target) === undefined ? 'target_gone' : 'rule_changed';
    return cluster.lives.has(target) ? 'rule_changed' : this.#lifeEnd(restored, time);
  }

  /** A life that is not remembered: what an earlier process counted is over once the window is. */
  #lifeEnd(restored: boolean, time: RunTime): ResolvedReason | undefined {
    const cold = restored && time.monotonicMs - time.startedMonotonicMs < this.rule.query.windowMs;
    return cold ? undefined : 'recovered';
  }
}

/** A new instance, nothing of which has happened yet. */
export function freshInstance(run: RuleRun, target: AlertTarget): Instance {
  const { rule } = run;
  return {
    target: target.key,
    identities: run.identitiesOf(target),
    madeOf: { rule, labels: target.labels },
    levels: rule.levels.map(({ severity }) => ({ severity, state: INACTIVE })),
    shown: undefined,
    missingSinceMs: undefined,
    restored: false,
    pass: -1,
  };
}
