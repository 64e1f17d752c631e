import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Empty, Waiting } from './empty.tsx';

type Page = () => JSX.Element;

type Loaded = { readonly Page: Page } | { readonly failed: true };

function Failed({ title }: { readonly title: string }): JSX.Element {
  return (
    <Empty title={`${title} could not be loaded`}>
      <p>The server cannot be reached, or has been updated since this page was opened.</p>
      <p>
        <button
          type="button"
          class="button"
          onClick={() => {
            location.reload();
          }}
        >
          Load again
        </button>
      </p>
    </Empty>
  );
}

/** A page whose script is loaded when it is first shown: what draws charts is as large as all the rest. */
export function lazyPage(title: string, load: () => Promise<Page>): Page {
  let loaded: Loaded | undefined;
  return () => {
    const [state, setState] = useState(loaded);
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
    }, []);
    if (state === undefined) return <Waiting title={title} />;
    return 'Page' in state ? <state.Page /> : <Failed title={title} />;
  };
}
