import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HostFileError, writeFileAtomic } from '../../../native/host/atomic-file.ts';
import { makeFolder } from '../../../native/host/make-folder.ts';
import { CNI_CODES, CniError } from '../model/cni-error.ts';
import { isIdentifier } from '../model/request.ts';

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

function failed(operation: string, path: string, cause: unknown): CniError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CniError(CNI_CODES.inputOutput, `cannot ${operation} ${path}: ${reason}`, cause);
}

/** The configurations handed on, one file a container, for the DEL that may come when the network's own is another one. */
export interface ConfStore {
  /** `undefined` when there is none. @throws {CniError} code 5 */
  read(containerId: string): Promise<string | undefined>;
  /** Mode 0600, in a folder of mode 0700. @throws {CniError} code 5 */
  write(containerId: string, text: string): Promise<void>;
  /** Also when there is none. @throws {CniError} code 5 */
  remove(containerId: string): Promise<void>;
  /** Ids of which there is one. @throws {CniError} code 5 */
  containerIds(): Promise<string[]>;
}

/** The store below `dataDir`, in the form of flannel's plugin. Ids must be identifiers: they become names of files. */
export function confStore(dataDir: string): ConfStore {
  const pathOf = (containerId: string): string => join(dataDir, containerId);
  const makeDataDir = async (): Promise<void> => {
    await makeFolder(dirname(dataDir));
    await mkdir(dataDir, { mode: 0o700 }).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  };
  return {
    async read(containerId) {
      try {
        return await readFile(pathOf(containerId), 'utf8');
      } catch (cause) {
        if (codeOf(cause) === 'ENOENT') return undefined;
        throw failed('read', pathOf(containerId), cause);
      }
    },
    async write(containerId, text) {
      try {
        await makeDataDir();
        await writeFileAtomic(pathOf(containerId), text, 0o600);
      } catch (cause) {
        if (cause instanceof HostFileError) throw new CniError(CNI_CODES.inputOutput, cause.message, cause);
        throw failed('make', dataDir, cause);
      }
    },
    async remove(containerId) {
      try {
        await rm(pathOf(containerId), { force: true });
      } catch (cause) {
        throw failed('remove', pathOf(containerId), cause);
      }
    },
    async containerIds() {
      try {
        return (await readdir(dataDir)).filter(isIdentifier);
      } catch (cause) {
        if (codeOf(cause) === 'ENOENT') return [];
        throw failed('list', dataDir, cause);
      }
    },
  };
}
