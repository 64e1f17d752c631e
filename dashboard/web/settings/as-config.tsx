import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ask, type Answer } from '../api.ts';
import { Fault } from '../facts.tsx';
import { me } from '../session.ts';

interface ConfigFileAnswer {
  readonly id: string;
  readonly name: string;
  readonly flag: string;
  readonly text: string;
}

type Files = Answer<{ readonly files: readonly ConfigFileAnswer[] }>;

function File({ files, id }: { readonly files: Files; readonly id: string }): JSX.Element {
  if (!files.ok) return <Fault reason={files.reason} />;
  const file = files.value.files.find((each) => each.id === id);
  if (file === undefined) return <p class="muted">Only admins are shown this.</p>;
  return (
    <>
      <p class="muted">
        <code>{file.name}</code>, read by <code>{file.flag}</code>
      </p>
      <pre tabIndex={0} aria-label={file.name}>
        <code>{file.text}</code>
      </pre>
    </>
  );
}

/** What was configured on the page, as the file that says the same. Asked for when it is opened, and again each time. */
export function AsConfig({ id }: { readonly id: 'settings' | 'rules' | 'notify' }): JSX.Element | null {
  const [files, setFiles] = useState<Files>();
  const toggle = async (isOpen: boolean): Promise<void> => {
    setFiles(isOpen ? await ask('GET', '/config') : undefined);
  };
  // What is configured names what is outside of a label scope.
  if (me.value?.scope !== null) return null;
  return (
    <details
      class="as-text"
      onToggle={(event) => {
        void toggle(event.currentTarget.open);
      }}
    >
      <summary>Show as config</summary>
      {files === undefined ? null : <File files={files} id={id} />}
    </details>
  );
}
