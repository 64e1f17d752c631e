import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import { choice, choiceWords, NOTHING_CHOSEN, toggled, without } from './chosen.ts';
import { comparePage } from './links.ts';
import { lastOfPath } from './page.ts';
import { focusedRow } from './row-keys.ts';

/** Chooses the container or host of the row in focus for a comparison, or leaves it out again. */
export function chooseRow(): void {
  const link = focusedRow()?.querySelector<HTMLAnchorElement>('a:is([href^="/containers/"], [href^="/hosts/"])');
  if (link === null || link === undefined) return;
  choice.value = toggled(choice.value, { key: lastOfPath(link.pathname), name: link.innerText });
}

const clear = (): void => {
  choice.value = NOTHING_CHOSEN;
};

/** What was chosen by key, with the way to compare it; nothing while nothing is. */
export function ChosenRows(): JSX.Element | null {
  const { rows, refused } = choice.value;
  if (rows.length === 0) return null;
  return (
    <div class="chosen-rows" role="region" aria-label="Chosen">
      <ul class="chosen">
        {rows.map(({ key, name }) => (
          <li key={key} class="chip">
            {name}
            <button
              type="button"
              class="chip-remove"
              aria-label={`Take ${name} out`}
              onClick={() => {
                choice.value = without(rows, key);
              }}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      <p class={refused === undefined ? 'muted' : 'chosen-refused'} role="status">
        {choiceWords(choice.value)}
      </p>
      <Link class="button" href={comparePage(rows.map(({ key }) => key))} onClick={clear}>
        Compare
      </Link>
      <button type="button" class="button quiet" onClick={clear}>
        Choose none
      </button>
    </div>
  );
}
