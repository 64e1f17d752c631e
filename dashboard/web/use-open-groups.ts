import { useEffect, useState } from 'preact/hooks';

export interface OpenGroups {
  readonly open: ReadonlySet<string | undefined>;
  readonly onToggle: (label: string | undefined) => void;
}

/** Which groups are open; none of them after what rows are gathered by changed. */
export function useOpenGroups(groupBy: string | undefined): OpenGroups {
  const [open, setOpen] = useState<OpenGroups['open']>(new Set());
  useEffect(() => {
    setOpen(new Set());
  }, [groupBy]);
  const onToggle = (label: string | undefined): void => {
    setOpen(
      (before) => new Set(before.has(label) ? [...before].filter((other) => other !== label) : [...before, label]),
    );
  };
  return { open, onToggle };
}
