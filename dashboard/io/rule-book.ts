import { randomUUID } from 'node:crypto';
import type { Clock } from '../../native/host/clock.ts';
import type { AlertBook } from '../model/alert/book.ts';
import type { AlertRule } from '../model/alert/rule.ts';
import { mergeRules, type RuleLists } from '../model/alert/rule-set.ts';
import type { Documents } from './documents.ts';
import { ruleSchema } from './rule-schema.ts';

/** Why a rule was not taken. */
export class RuleRefused extends Error {
  override readonly name = 'RuleRefused';
  readonly status: 400 | 404 | 409;

  constructor(message: string, status: 400 | 404 | 409) {
    super(message);
    this.status = status;
  }
}

const MAX_API_RULES = 200;

/** The rules in force, from files, from the API and from weft; files win. */
export class RuleBook {
  #lists: Omit<RuleLists, 'api'>;
  readonly #documents: Documents;
  readonly #clock: Clock;
  #onChange: ((rules: readonly AlertRule[]) => void) | undefined;

  constructor(lists: Omit<RuleLists, 'api'>, documents: Documents, clock: Clock) {
    this.#lists = lists;
    this.#documents = documents;
    this.#clock = clock;
    documents.listen(({ kind }) => {
      if (kind === 'rule') this.#onChange?.(this.rules);
    });
  }

  get rules(): readonly AlertRule[] {
    return mergeRules({ ...this.#lists, api: this.#api() });
  }

  /** Hands every change on to what evaluates. */
  drive(book: Pick<AlertBook, 'setRules'>): void {
    this.#onChange = (rules) => {
      book.setRules(rules);
    };
  }

  /** Puts other rules of files in force. */
  setFiles(files: readonly AlertRule[]): void {
    this.#lists = { ...this.#lists, files };
    this.#onChange?.(this.rules);
  }

  /** Reads a rule as the API is sent it. @throws {z.ZodError} */
  parse(value: unknown): AlertRule {
    return ruleSchema.parse(value);
  }

  /** Makes a rule (without `id`) or changes one. @throws {RuleRefused | z.ZodError | StoreError} */
  put(value: object, id?: string): AlertRule {
    const rule = this.parse({ ...value, id: id ?? randomUUID() });
    const { files } = this.#lists;
    if (files.some(({ name }) => name === rule.name))
      throw new RuleRefused(`a file has a rule ${rule.name}, and files win`, 409);
    const api = this.#api();
    if (id !== undefined && !api.some((each) => each.id === id))
      throw new RuleRefused(`there is no rule ${id} of the API`, 404);
    if (api.some((each) => each.name === rule.name && each.id !== rule.id))
      throw new RuleRefused(`another rule is called ${rule.name} already`, 409);
    if (api.length >= MAX_API_RULES && id === undefined)
      throw new RuleRefused(`there are ${MAX_API_RULES} rules already`, 400);
    const document = {
      kind: 'rule',
      id: rule.id,
      updatedAtUnixMs: this.#clock.nowMs(),
      value: { ...value, id: rule.id },
    } as const;
    this.#documents.put(document);
    return rule;
  }

  /** @throws {RuleRefused | StoreError} */
  remove(id: string): void {
    if (this.#documents.get('rule', id) === undefined) throw new RuleRefused(`there is no rule ${id} of the API`, 404);
    this.#documents.remove('rule', id);
  }

  /** A rule of the API as it was written; `undefined` for others. */
  source(id: string): unknown {
    return this.#documents.get('rule', id)?.value;
  }

  /** Rules of the API as they were written. */
  get sources(): readonly object[] {
    return this.#documents
      .all('rule')
      .flatMap(({ value }) => (typeof value === 'object' && value !== null ? [value] : []));
  }

  #api(): AlertRule[] {
    return this.#documents.all('rule').flatMap(({ value }) => {
      const rule = ruleSchema.safeParse(value);
      return rule.success ? [rule.data] : [];
    });
  }
}
