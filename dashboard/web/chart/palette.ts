/** Lines of one chart that can be told apart. */
const COLOURS = 8;

/** Pixels drawn and left out: lines differ without their colours too. */
const DASHES: readonly (readonly number[])[] = [
  [],
  [6, 3],
  [2, 2],
  [10, 3, 2, 3],
  [12, 4],
  [4, 4],
  [1, 3],
  [8, 2, 2, 2, 2, 2],
];

/** The style sheet's variable with the colour of a line. */
export function colourToken(line: number): string {
  return `--line-${(line % COLOURS) + 1}`;
}

export function dashOf(line: number): number[] {
  return [...(DASHES[line % DASHES.length] ?? [])];
}

/** Resolved colours of what is drawn on a canvas; the style sheet decides them, so that light and dark need no word here. */
export interface Palette {
  readonly lines: readonly string[];
  readonly ink: string;
  readonly grid: string;
  readonly limit: string;
  readonly font: string;
}

/** Reads the colours that hold now, with the help of an element that nobody sees. */
export function paletteAt(probe: HTMLElement): Palette {
  const colour = (token: string): string => {
    probe.style.color = `var(${token})`;
    return getComputedStyle(probe).color;
  };
  return {
    lines: Array.from({ length: COLOURS }, (_, line) => colour(colourToken(line))),
    ink: colour('--ink-muted'),
    grid: colour('--line-soft'),
    limit: colour('--vermilion'),
    font: getComputedStyle(probe).fontFamily,
  };
}
