import type { JSX } from 'preact';
import { Link } from 'wouter-preact';
import { shortcutsOn } from '../shortcuts.ts';
import { toggleKiosk } from '../kiosk.ts';
import { theme, THEMES } from '../theme.ts';
import { timeZone } from '../time-zone.ts';

const ZONES = [
  ['local', 'of this browser'],
  ['utc', 'UTC'],
] as const;

const THEME_NAMES = { auto: 'as the system', light: 'light', dark: 'dark' } as const;

/** How this browser shows the page; kept in the browser alone. */
export function Display(): JSX.Element {
  return (
    <div class="form">
      <p class="muted">Kept in this browser.</p>
      <fieldset>
        <legend>Theme</legend>
        {THEMES.map((each) => (
          <label key={each} class="choice">
            <input
              type="radio"
              name="theme"
              checked={theme.value === each}
              onChange={() => {
                theme.value = each;
              }}
            />
            {THEME_NAMES[each]}
          </label>
        ))}
      </fieldset>
      <fieldset>
        <legend>Times</legend>
        {ZONES.map(([zone, name]) => (
          <label key={zone} class="choice">
            <input
              type="radio"
              name="zone"
              checked={timeZone.value === zone}
              onChange={() => {
                timeZone.value = zone;
              }}
            />
            {name}
          </label>
        ))}
      </fieldset>
      <fieldset>
        <legend>Wallboard</legend>
        <span>Larger, without this head, and the screen stays on; Ctrl-K has the way back.</span>
        <Link href="/" class="button" onClick={toggleKiosk}>
          Show as a wallboard
        </Link>
      </fieldset>
      <fieldset>
        <legend>Keyboard</legend>
        <label class="choice">
          <input
            type="checkbox"
            checked={shortcutsOn.value}
            onChange={(event) => (shortcutsOn.value = event.currentTarget.checked)}
          />
          use single keys (<kbd>?</kbd> shows them)
        </label>
      </fieldset>
    </div>
  );
}
