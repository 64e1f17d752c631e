import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

interface ConfirmButtonProps {
  readonly text: string;
  /** What it does to what, for those who do not see where it stands. */
  readonly label: string;
  readonly onConfirm: () => void;
}

/** A button for what cannot be taken back: it wants to be pressed twice, and forgets the first time when it is left. */
export function ConfirmButton({ text, label, onConfirm }: ConfirmButtonProps): JSX.Element {
  const [isAsking, setAsking] = useState(false);
  const leave = (): void => {
    setAsking(false);
  };
  return (
    <button
      type="button"
      class={isAsking ? 'button danger' : 'button'}
      aria-label={isAsking ? `Really? ${label}` : label}
      onBlur={leave}
      onClick={() => {
        setAsking(!isAsking);
        if (isAsking) onConfirm();
      }}
    >
      {isAsking ? 'Really?' : text}
    </button>
  );
}
