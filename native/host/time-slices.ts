/** Of a long text that is made on the event loop: how much of it is made before others have their turn. */
export interface TimeSlice {
  readonly sliceMs: number;
  readonly nowMs: () => number;
}

/**
 * Puts chunks together for as long as a slice lasts. A chunk by itself would be too little: each turn of the event loop may
 * serve a whole other request, and a text of a hundred chunks would wait for a hundred of them.
 */
export function* inTimeSlices(chunks: Iterable<string>, { sliceMs, nowMs }: TimeSlice): Generator<string> {
  let text = '';
  let startMs = nowMs();
  for (const chunk of chunks) {
    text += chunk;
    if (nowMs() - startMs < sliceMs) continue;
    yield text;
    text = '';
    // What happened meanwhile was the time of others.
    startMs = nowMs();
  }
  if (text !== '') yield text;
}
