import { readFile } from 'node:fs/promises';
import { CNI_CODES, CniError } from '../model/cni-error.ts';
import { parseOverlayEnv, type OverlayEnv } from '../model/overlay-env.ts';

function reasonOf(path: string, cause: unknown): CniError {
  if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') {
    const sentence = `${path} does not exist: is weft flanneld (or flanneld) running on this host, and is this its --subnet-file?`;
    // The agent may not have its subnet yet.
    return new CniError(CNI_CODES.tryAgainLater, sentence, cause);
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CniError(CNI_CODES.inputOutput, `cannot read ${path}: ${reason}`, cause);
}

/** What the overlay agent of this host wrote. @throws {CniError} codes 5, 7, 11 */
export async function readOverlayEnv(path: string): Promise<OverlayEnv> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw reasonOf(path, cause);
  });
  return parseOverlayEnv(path, text);
}
