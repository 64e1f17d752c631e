/** Which rows of a long table exist in the document, and the heights that stand in for the others, px. */
export interface RowWindow {
  readonly first: number;
  /** One behind the last row. */
  readonly end: number;
  readonly heightBefore: number;
  readonly heightAfter: number;
}

export interface RowWindowInput {
  readonly rows: number;
  readonly rowHeight: number;
  readonly scrollTop: number;
  readonly viewportHeight: number;
}

/** Rows drawn beyond either edge, so that a quick scroll does not show an empty strip. */
const OVERSCAN_ROWS = 8;

/** However tall the screen: no more rows than this are drawn. */
const MOST_ROWS = 96;

/** The rows that the viewport shows, for rows of one fixed height. */
export function rowWindow({ rows, rowHeight, scrollTop, viewportHeight }: RowWindowInput): RowWindow {
  const topRow = Math.floor(Math.max(0, scrollTop) / rowHeight);
  const shown = Math.ceil(viewportHeight / rowHeight) + 1;
  const first = Math.max(0, Math.min(topRow - OVERSCAN_ROWS, rows - shown - 2 * OVERSCAN_ROWS));
  const end = Math.min(rows, first + Math.min(MOST_ROWS, shown + 2 * OVERSCAN_ROWS));
  return { first, end, heightBefore: first * rowHeight, heightAfter: (rows - end) * rowHeight };
}

/** The window with no more than its first `most` rows; the height of the others stands in for them. */
export function beginningOf(window: RowWindow, most: number, rowHeight: number): RowWindow {
  const end = Math.min(window.end, window.first + most);
  return { ...window, end, heightAfter: window.heightAfter + (window.end - end) * rowHeight };
}
