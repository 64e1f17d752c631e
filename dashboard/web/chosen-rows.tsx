import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import { MAX_COMPARED } from '../view-wire.ts';
import { comparePage } from './links.ts';
import { lastOfPath } from './page.ts';
import { focusedRow } from './row-keys.ts';

interface Chosen {
  readonly key: string;
  readonly name: string;
}

const chosen = signal<readonly Chosen[]>([]);

const without = (key: string): void => {
  chosen.value = chosen.value.filter((each) => each.key !== key);
};

/** Chooses the container or host of the row in focus for a comparison, or leaves it out again. */
export function chooseRow(): void {
  const link = focusedRow()?.querySelector<HTMLAnchorElement>('a:is([href^="/containers/"], [href^="/hosts/"])');
  if (link === null || link === undefined) return;
  const key = lastOfPath(link.pathname);
  if (chosen.value.some((each) => each.key === key)) without(key);
  else if (chosen.value.length < MAX_COMPARED) chosen.value = [...chosen.value, { key, name: link.innerText }];
}

/** What was chosen by key, with the way to compare it; nothing while nothing is. */
export function ChosenRows(): JSX.Element | null {
  if (chosen.value.length === 0) return null;
  const clear = (): void => {
    chosen.value = [];
  };
  return (
    <div class="chosen-rows" role="region" aria-label="Chosen">
      <ul class="chosen">
        {chosen.value.map(({ key, name }) => (
          <li key={key} class="chip">
            {name}
            <button
              type="button"
              class="chip-remove"
              aria-label={`Take ${name} out`}
              onClick={() => {
                without(key);
              }}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      <Link class="button" href={comparePage(chosen.value.map(({ key }) => key))} onClick={clear}>
        Compare
      </Link>
      <button type="button" class="button quiet" onClick={clear}>
        Choose none
      </button>
    </div>
  );
}
