import type { JSX } from 'preact';

/** A secret that the server does not keep; closing it is for good. */
export function ShownOnce({
  secret,
  use,
  onClose,
}: {
  readonly secret: string;
  /** The command that it is for. */
  readonly use: string;
  readonly onClose: () => void;
}): JSX.Element {
  return (
    <div class="shown-once" role="status">
      <p>
        <strong>Copy it now:</strong> only a digest is kept, and it is not shown again.
      </p>
      <pre tabIndex={0}>
        <code>{secret}</code>
      </pre>
      <p class="muted">For example:</p>
      <pre tabIndex={0}>
        <code>{use}</code>
      </pre>
      <div class="form-end">
        <button type="button" class="button" onClick={onClose}>
          I have copied it
        </button>
      </div>
    </div>
  );
}
