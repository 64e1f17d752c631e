import { AlertBook } from '../../../../../dashboard/model/alert/book.ts';
import type { Evaluation } from '../../../../../dashboard/model/alert/evaluation.ts';
import type { Alert } from '../../../../../dashboard/model/alert/alert.ts';
import type { AlertRule } from '../../../../../dashboard/model/alert/rule.ts';
import type { SelfFact } from '../../../../../dashboard/model/alert/target.ts';
import { Cluster } from '../../../../../dashboard/model/cluster.ts';
import type { ContainerInventory } from '../../../../../statsd/wire.ts';
import { aContainer, aFrame, anInventory, at, T0 } from '../../builders.ts';

export interface Stage {
  readonly cluster: Cluster;
  readonly book: AlertBook;
  self: readonly SelfFact[];
  grace: boolean;
  /** One second with these working sets, in the order of the containers; without them the host is silent. */
  readonly second: (seconds: number, bytes?: readonly number[]) => Evaluation;
  /** Seconds one after the other, one working set each, of a single container. */
  readonly play: (bytes: readonly (number | undefined)[], from?: number) => string;
  readonly containers: (names: readonly (string | ContainerInventory)[]) => void;
  /** `container severity state`, sorted. */
  readonly states: () => string[];
}

const LETTERS = { pending: 'p', firing: 'F', resolved: 'r' } as const;

function stateLetter(alerts: readonly Alert[]): string {
  const active = alerts.find(({ state }) => state.kind !== 'resolved') ?? alerts[0];
  return active === undefined ? '.' : LETTERS[active.state.kind];
}

/** A cluster of one host with the given containers, and a book that is evaluated second by second. */
export function stage(
  rules: readonly AlertRule[],
  names: readonly (string | ContainerInventory)[] = ['api'],
  restored: readonly Alert[] = [],
): Stage {
  const cluster = new Cluster();
  const book = new AlertBook(rules, restored);
  let tableVersion = 0;
  cluster.connect('n1', 'h1', at(0));
  const self: Stage = {
    cluster,
    book,
    self: [],
    grace: false,
    containers: (present) => {
      tableVersion += 1;
      const rows = present.map((each) => (typeof each === 'string' ? aContainer(each) : each));
      cluster.inventory(anInventory(rows, { tableVersion }), at(0));
    },
    second: (seconds, bytes) => {
      if (bytes !== undefined) {
        const rows = bytes.map((memoryWorkingSetBytes) => ({ memoryWorkingSetBytes }));
        cluster.frame('n1', aFrame(seconds, rows, { tableVersion }), at(seconds));
      }
      cluster.tick(seconds * 1000 + 200);
      const now = { nowUnixMs: T0 + seconds * 1000, monotonicMs: seconds * 1000, grace: self.grace, owed: () => false };
      return book.evaluate({ cluster, self: self.self }, now);
    },
    play: (bytes, from = 1) =>
      bytes
        .map((value, index) => {
          self.second(from + index, value === undefined ? undefined : [value]);
          return stateLetter(book.alerts);
        })
        .join(''),
    states: () =>
      book.alerts
        .map(
          ({ labels, state }) =>
            `${labels['container'] ?? labels['host'] ?? ''} ${labels['severity'] ?? ''} ${state.kind}`,
        )
        .sort(),
  };
  self.containers(names);
  return self;
}
