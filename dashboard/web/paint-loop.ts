/** Draws something anew when its data changed. */
export type Painter = () => void;

const painters = new Set<Painter>();
let scheduled = false;

function paintAll(): void {
  scheduled = false;
  for (const paint of painters) paint();
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
