/** Something that draws itself when its data changed. */
export interface Painter {
  /** Reads from the document what painting needs. All read before any paints: a read after a write costs a new layout. */
  measure(): void;
  paint(): void;
}

const painters = new Set<Painter>();
let scheduled = false;

function paintAll(): void {
  scheduled = false;
  for (const painter of painters) painter.measure();
  for (const painter of painters) painter.paint();
}

/** Asks for one repaint of everything in the next animation frame; many asks, one frame. */
export function requestPaint(): void {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(paintAll);
}

/** Takes part in every repaint until the returned function is called. */
export function addPainter(painter: Painter): () => void {
  painters.add(painter);
  requestPaint();
  return () => painters.delete(painter);
}
