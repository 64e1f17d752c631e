const ROW_NAMES = 'main tbody tr:not(.spacer) > th';

/** Moves the focus to the next row's name, or the one before; to the first row when none has it. */
export function focusRow(step: 1 | -1): void {
  const names = [...document.querySelectorAll(ROW_NAMES)];
  const handles = names.flatMap((name) => name.querySelector<HTMLElement>('a, button') ?? []);
  const at = handles.findIndex((handle) => handle === document.activeElement);
  const next = handles[at < 0 ? 0 : at + step];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}
