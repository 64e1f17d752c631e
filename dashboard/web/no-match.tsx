import type { JSX } from 'preact';
import { withoutTerm } from '../model/filter.ts';
import type { InventoryMessage } from '../wire.ts';
import { Empty } from './empty.tsx';
import { plural } from './format.ts';

interface NoMatchProps {
  /** What is filtered: `container`. */
  readonly what: string;
  readonly text: string;
  readonly blamed: InventoryMessage['mostExcluding'];
  readonly onText: (text: string) => void;
}

/** Nothing passes a filter: which term keeps out most, and the ways on. */
export function NoMatch({ what, text, blamed, onText }: NoMatchProps): JSX.Element {
  return (
    <Empty title={`No ${what} matches`} level={2}>
      {blamed === undefined ? (
        <p>No single term is to blame.</p>
      ) : (
        <p>
          Without <code>{blamed.source}</code> there would be {plural(blamed.matchesWithout, what)}.{' '}
          <button
            type="button"
            class="button"
            onClick={() => {
              onText(withoutTerm(text, blamed));
            }}
          >
            Leave it out
          </button>
        </p>
      )}
      <p>
        <button
          type="button"
          class="button"
          onClick={() => {
            onText('');
          }}
        >
          Show all
        </button>
      </p>
    </Empty>
  );
}
