import type { LabelTest, Labels } from './matcher.ts';
import { scopeKey, subjectOf, type AlertRule } from './rule.ts';
import type { AlertTarget, Targets } from './target.ts';

interface Chooser {
  readonly rule: AlertRule;
  readonly takes: LabelTest;
}

/** One way to choose, and what it chose from the targets of now. */
class Choice {
  readonly #takes: LabelTest;
  /** A verdict is about labels, and labels that stay the same stay the same object. */
  #verdicts = new WeakMap<Labels, boolean>();
  #from: readonly AlertTarget[] = [];
  #chosen: readonly AlertTarget[] = [];

  constructor(takes: LabelTest) {
    this.#takes = takes;
  }

  from(targets: readonly AlertTarget[]): readonly AlertTarget[] {
    if (targets === this.#from) return this.#chosen;
    this.#from = targets;
    this.#chosen = targets.filter(({ labels }) => this.#verdict(labels));
    return this.#chosen;
  }

  #verdict(labels: Labels): boolean {
    const known = this.#verdicts.get(labels);
    if (known !== undefined) return known;
    const verdict = this.#takes(labels);
    this.#verdicts.set(labels, verdict);
    return verdict;
  }
}

/** The targets in the scope of each rule; rules that choose alike share them. */
export class Choices {
  #byScope = new Map<string, Choice>();
  #byRule = new Map<Chooser, Choice>();

  /** Takes other rules. */
  use(choosers: readonly Chooser[]): void {
    const before = this.#byScope;
    this.#byScope = new Map();
    this.#byRule = new Map();
    for (const chooser of choosers) {
      const key = scopeKey(chooser.rule);
      const choice = this.#byScope.get(key) ?? before.get(key) ?? new Choice(chooser.takes);
      this.#byScope.set(key, choice);
      this.#byRule.set(chooser, choice);
    }
  }

  of(chooser: Chooser, targets: Targets): readonly AlertTarget[] {
    return this.#byRule.get(chooser)?.from(targets.of(subjectOf(chooser.rule))) ?? [];
  }
}
