import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { HostFileError } from '../../native/host/atomic-file.ts';
import { ConfigError, loadConfig, type AgentInput } from '../../native/host/config.ts';
import { FatalError, reportConfigError, type ExitCode } from '../../native/host/lifecycle.ts';
import { makeFolder } from '../../native/host/make-folder.ts';
import { BackupRefused, backupCounts, parseBackup, restoreBackup } from '../io/backup/backup.ts';
import { CHANNEL_KEY_FILE, openStateStore } from '../io/state-store.ts';
import { StoreError } from '../io/store.ts';
import { absolutePath } from '../setting-values.ts';

const restoreSchema = z.object({ dataDir: absolutePath.default('/var/lib/weft/dashboard') });

/** Ten thousand accounts and views are a tenth of it. */
const MAX_BYTES = 256 * 2 ** 20;

const NAME = 'weft restore';

function readBackupText(path: string): string {
  const sentence = (why: string): BackupRefused => new BackupRefused([`cannot be read: ${why}`]);
  try {
    const stat = statSync(path);
    // A pipe would be waited for, and a device has no end.
    if (!stat.isFile()) throw sentence('it is no regular file');
    if (stat.size > MAX_BYTES) throw sentence(`it has ${stat.size} bytes, expected at most 256 MiB`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof BackupRefused) throw error;
    throw sentence(error instanceof Error ? error.message : String(error));
  }
}

function open(dataDir: string): ReturnType<typeof openStateStore> {
  return openStateStore(dataDir, (record, error) => {
    process.stderr.write(
      `${NAME}: ${record} cannot be read: ${error instanceof Error ? error.message : String(error)}\n`,
    );
  });
}

/** Channels whose secrets the key in the folder does not open. */
function lockedChannels(dataDir: string): number {
  using store = open(dataDir);
  const { documents } = store;
  return documents.all('channel').filter(({ kind, id }) => documents.isLocked(kind, id)).length;
}

async function restore(file: string, dataDir: string): Promise<string[]> {
  const backup = parseBackup(readBackupText(file));
  await makeFolder(dataDir).catch((cause: unknown) => {
    throw new HostFileError('make', dataDir, cause);
  });
  {
    using store = open(dataDir);
    restoreBackup(store.documents, backup);
  }
  const locked = lockedChannels(dataDir);
  const counts = backupCounts(backup.documents);
  return [
    `restored ${counts.length === 0 ? 'nothing, as the backup is empty' : counts.join(', ')} into ${dataDir}`,
    ...(backup.documents.some(({ kind }) => kind === 'user')
      ? ['users have no password: an admin comes in by the link that the dashboard prints, and sets them']
      : []),
    ...(locked === 0
      ? []
      : [
          `${locked} of the channels were sealed with another key: put the former ${CHANNEL_KEY_FILE} in the place of ${join(dataDir, CHANNEL_KEY_FILE)}, or enter their secrets again`,
        ]),
  ];
}

/** `weft restore`: puts a backup into an empty data folder. What is wrong is told in one sentence each. @returns the process's exit code. */
export async function runRestore({
  file,
  flags,
}: Pick<AgentInput, 'flags'> & { readonly file: string }): Promise<ExitCode> {
  try {
    const { dataDir } = loadConfig(restoreSchema, { flags, env: {}, envPrefix: 'WEFT_RESTORE_' });
    for (const line of await restore(file, dataDir)) process.stdout.write(`${line}\n`);
    return 0;
  } catch (error) {
    if (error instanceof ConfigError) return reportConfigError(NAME, error);
    if (error instanceof BackupRefused) {
      for (const fault of error.faults) process.stderr.write(`${NAME}: ${file}: ${fault}\n`);
      return 1;
    }
    if (!(error instanceof StoreError || error instanceof HostFileError || error instanceof FatalError)) throw error;
    process.stderr.write(`${NAME}: ${error.message}\n`);
    return 1;
  }
}
