import { z } from 'zod';
import { storedUser } from '../access/users.ts';
import type { Documents, StoredDocument } from '../documents.ts';
import { lockedChannel } from '../notify/channel-schema.ts';
import { timeIntervalSchema } from '../notify/notify-file.ts';
import { silenceSchema } from '../notify/silences.ts';
import { ruleSchema } from '../rule-schema.ts';
import { storedView } from '../saved-views.ts';

/** What people made here and nothing else can say again, in the order in which it is told. */
const BACKUP_KINDS = ['rule', 'silence', 'mute', 'channel', 'user', 'view'] as const;
type BackupKind = (typeof BACKUP_KINDS)[number];

/** A channel as it is on the disk: its secrets are one sealed text. */
const sealedChannel = z
  .looseObject({ sealed: z.string() })
  .refine(
    ({ sealed: _sealed, ...open }) => lockedChannel(open) !== undefined,
    'expected a channel with its secrets sealed',
  );

/** How each kind is kept; an account comes without its password. */
const VALUES: Readonly<Record<BackupKind, z.ZodType>> = {
  rule: ruleSchema,
  silence: silenceSchema,
  mute: timeIntervalSchema,
  channel: sealedChannel,
  user: storedUser.omit({ password: true }).strict(),
  view: storedView,
};

const document = z.strictObject({
  kind: z.enum(BACKUP_KINDS),
  id: z.string().min(1).max(256),
  updatedAtUnixMs: z.number(),
  value: z.looseObject({}),
});

const FORMAT = 'weft-dashboard-backup';

/** Of the file's own form: one that is newer is not read. */
const VERSION = 1;

export const backupShape = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  weft: z.string().describe('The version of weft that made it.'),
  madeAt: z.string().meta({ format: 'date-time' }),
  documents: z.array(document),
});

export type Backup = z.infer<typeof backupShape>;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Credentials stay here: passwords are left out, and so is what belongs to a token, which is left out as a whole. */
function withoutCredentials({ kind, value, ...rest }: StoredDocument): Backup['documents'] {
  const known = BACKUP_KINDS.find((each) => each === kind);
  if (known === undefined || !isObject(value)) return [];
  const isOfToken = kind === 'view' && value['shared'] !== true && String(value['owner']).startsWith('token:');
  if (isOfToken) return [];
  const open = Object.entries(value).filter(([name]) => kind !== 'user' || name !== 'password');
  return [{ kind: known, ...rest, value: Object.fromEntries(open) }];
}

/** What was made here, as of one moment. @throws {StoreError} */
export function makeBackup(
  documents: Pick<Documents, 'stored'>,
  { weft, nowUnixMs }: { readonly weft: string; readonly nowUnixMs: number },
): Backup {
  return {
    format: FORMAT,
    version: VERSION,
    weft,
    madeAt: new Date(nowUnixMs).toISOString(),
    documents: documents.stored(BACKUP_KINDS).flatMap(withoutCredentials),
  };
}

/** A file is no backup that can be taken; one sentence for each fault. */
export class BackupRefused extends Error {
  override readonly name = 'BackupRefused';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.faults = faults;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BackupRefused([`it is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`]);
  }
}

const placeOf = (path: readonly PropertyKey[]): string => path.map(String).join('.');

/** Reads a backup and holds every document to what this weft keeps. @throws {BackupRefused} */
export function parseBackup(text: string): Backup {
  const json = jsonOf(text);
  if (!isObject(json) || json['format'] !== FORMAT)
    throw new BackupRefused([`it is no backup of a dashboard: expected "format": "${FORMAT}"`]);
  if (json['version'] !== VERSION)
    throw new BackupRefused([
      `version: expected ${VERSION}, got ${JSON.stringify(json['version'])}; it needs another weft`,
    ]);
  const read = backupShape.safeParse(json);
  if (!read.success)
    throw new BackupRefused(read.error.issues.map(({ path, message }) => `${placeOf(path)}: ${message}`));
  const faults = read.data.documents.flatMap(({ kind, value }, index) => {
    const { error } = VALUES[kind].safeParse(value);
    const place = ['documents', index, 'value'];
    return (error?.issues ?? []).map(({ path, message }) => `${placeOf([...place, ...path])} (${kind}): ${message}`);
  });
  const twice = duplicates(read.data.documents).map((key) => `documents: ${key} is there twice`);
  if (faults.length + twice.length > 0) throw new BackupRefused([...faults, ...twice]);
  return read.data;
}

function duplicates(documents: Backup['documents']): readonly string[] {
  const seen = new Set<string>();
  return documents.flatMap(({ kind, id }) => {
    const key = `${kind} ${id}`;
    if (seen.has(key)) return [key];
    seen.add(key);
    return [];
  });
}

/** How many there are of what people would call these things. */
export function backupCounts(documents: Backup['documents']): readonly string[] {
  const words: Readonly<Record<BackupKind, readonly [one: string, many: string]>> = {
    rule: ['rule', 'rules'],
    silence: ['silence', 'silences'],
    mute: ['mute window', 'mute windows'],
    channel: ['channel', 'channels'],
    user: ['user', 'users'],
    view: ['saved view', 'saved views'],
  };
  return BACKUP_KINDS.flatMap((kind) => {
    const count = documents.filter((each) => each.kind === kind).length;
    return count === 0 ? [] : [`${count} ${words[kind][count === 1 ? 0 : 1]}`];
  });
}

/** Writes a backup into a store that has nothing of the kind. @throws {BackupRefused | StoreError} */
export function restoreBackup(documents: Pick<Documents, 'stored' | 'writeStored'>, backup: Backup): void {
  const there = documents.stored(BACKUP_KINDS).flatMap(withoutCredentials);
  if (there.length > 0)
    throw new BackupRefused([
      `there is something already: ${backupCounts(there).join(', ')}; expected a folder without`,
    ]);
  documents.writeStored(backup.documents);
}
