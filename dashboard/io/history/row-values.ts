import { z } from 'zod';
import type { SeriesFacts } from '../../model/history/series.ts';

const factsSchema = z.object({
  kind: z.enum(['container', 'host']),
  nodeId: z.string(),
  host: z.string(),
  name: z.string(),
  image: z.string().optional(),
  runtime: z.string().optional(),
  project: z.string().optional(),
  service: z.string().optional(),
});

/** What is said of a line. @throws if the text is not what was written. */
export function decodeFacts(text: unknown): SeriesFacts {
  const { image, runtime, project, service, ...rest } = factsSchema.parse(JSON.parse(String(text)));
  return { ...rest, image, runtime, project, service };
}

/** @throws {TypeError} if the cell holds anything else. */
export function blobIn(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new TypeError('a blob was expected');
}

/** Numbers of lines, four bytes each in the machine's order. @throws {TypeError} if the cell holds no blob. */
export function idsIn(value: unknown): Uint32Array {
  const copy = Uint8Array.from(blobIn(value));
  return new Uint32Array(copy.buffer);
}

/** `undefined` for NULL, which is the sum or the extreme of nothing. */
export function numberIn(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
