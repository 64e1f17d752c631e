import type { JSX } from 'preact';
import type { Theme } from './theme.ts';

/** A thread over and under the warp. */
export function WeftIcon(): JSX.Element {
  return (
    <svg
      viewBox="0 0 24 24"
      width="22"
      height="22"
      fill="none"
      stroke-width="2.6"
      stroke-linecap="round"
      aria-hidden="true"
    >
      <path class="warp" d="M6 3v18M12 3v18M18 3v18" />
      <path class="thread" d="M2.5 8h5.2M10.6 8h2.8M16.3 8h5.2M2.5 16h1M8.6 16h6.8M20.5 16h1" />
    </svg>
  );
}

/** Half, sun, moon. */
export function ThemeIcon({ theme }: { readonly theme: Theme }): JSX.Element {
  return (
    <svg
      viewBox="0 0 16 16"
      width="16"
      height="16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      aria-hidden="true"
    >
      <ThemePath theme={theme} />
    </svg>
  );
}

function ThemePath({ theme }: { readonly theme: Theme }): JSX.Element {
  switch (theme) {
    case 'auto':
      return (
        <>
          <circle cx="8" cy="8" r="5.5" />
          <path d="M8 2.5a5.5 5.5 0 0 1 0 11z" fill="currentColor" />
        </>
      );
    case 'light':
      return (
        <>
          <circle cx="8" cy="8" r="3" />
          <path d="M8 1v2M8 13v2M1 8h2M13 8h2M3 3l1.4 1.4M11.6 11.6 13 13M13 3l-1.4 1.4M4.4 11.6 3 13" />
        </>
      );
    case 'dark':
      return <path d="M13.4 9.8A5.8 5.8 0 0 1 6.2 2.6a5.8 5.8 0 1 0 7.2 7.2z" />;
  }
}

/** Two bars. */
export function PauseIcon(): JSX.Element {
  return (
    <svg viewBox="0 0 12 12" width="10" height="10" aria-hidden="true" fill="currentColor">
      <path d="M2 1.5h3v9H2zM7 1.5h3v9H7z" />
    </svg>
  );
}
