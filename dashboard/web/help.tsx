import { effect, signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { SHORTCUTS, shortcutsOn } from './shortcuts.ts';

const isOpen = signal(false);

export function showHelp(): void {
  isOpen.value = true;
}

/** The keys, and the switch that turns them off. */
export function Help(): JSX.Element {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(
    () =>
      effect(() => {
        if (isOpen.value && ref.current?.open === false) ref.current.showModal();
      }),
    [],
  );
  const close = (): void => ref.current?.close();
  return (
    <dialog ref={ref} class="help" aria-labelledby="help-title" onClose={() => (isOpen.value = false)}>
      <h2 id="help-title">Keyboard</h2>
      <dl>
        {SHORTCUTS.map(({ keys, does }) => (
          <div key={keys}>
            <dt>
              {keys.split(' ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label>
        <input
          type="checkbox"
          checked={shortcutsOn.value}
          onChange={(event) => (shortcutsOn.value = event.currentTarget.checked)}
        />
        Use these keys
      </label>
      <button type="button" class="button" onClick={close}>
        Close
      </button>
    </dialog>
  );
}
