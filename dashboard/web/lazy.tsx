import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { Empty, Waiting } from './empty.tsx';
import { pageTitle } from './page.ts';
import { connection } from './socket.ts';

type Page = () => JSX.Element;

type Loaded = { readonly Page: Page } | { readonly failed: true };

const reload = (): void => {
  location.reload();
};

/** A page without its script. While the server is away a reload would only take away what can still be read of the others. */
function Failed({ title, isAway }: { readonly title: string; readonly isAway: boolean }): JSX.Element {
  if (isAway)
    return (
      <Empty title={`${title} could not be loaded`} level={1}>
        <p>
          The server cannot be reached. This page is loaded when it answers again; those that were open stay readable.
        </p>
      </Empty>
    );
  return (
    <Empty title={`${title} could not be loaded`} level={1}>
      <p>The server has probably been updated since this page was opened: loading it anew brings the new version.</p>
      <p>
        <button type="button" class="button" onClick={reload}>
          Load again
        </button>
      </p>
    </Empty>
  );
}

/**
 * A page whose script is loaded when it is first shown: what the first page does not need is no part of its weight. A script that does not come is told, and
 * asked for once more when the server is back.
 */
export function lazyPage(title: string, load: () => Promise<Page>): Page {
  let loaded: Loaded | undefined;
  return () => {
    const [state, setState] = useState(loaded);
    const isAway = connection.value.kind === 'lost';
    useLayoutEffect(() => {
      // The page says it itself as soon as it is there.
      if (state === undefined || 'failed' in state) pageTitle.value = title;
    }, [state]);
    useEffect(() => {
      if (loaded !== undefined && 'Page' in loaded) return;
      load()
        .then((Page) => {
          loaded = { Page };
        })
        .catch(() => {
          loaded = { failed: true };
        })
        .finally(() => {
          setState(loaded);
        });
    }, [isAway]);
    if (state === undefined) return <Waiting title={title} />;
    return 'Page' in state ? <state.Page /> : <Failed title={title} isAway={isAway} />;
  };
}
