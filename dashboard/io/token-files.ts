import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '../../native/host/atomic-file.ts';
import { FatalError } from '../../native/host/lifecycle.ts';

/** Shorter secrets are refused: these are bearer tokens, not passwords. */
const MIN_TOKEN_CHARACTERS = 16;

/** 256 random bits in a form that fits a URL. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

async function readToken(path: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new FatalError(`cannot read the token in ${path}: ${String(error)}`, { cause: error });
  }
  const token = text.trim();
  if (token.length >= MIN_TOKEN_CHARACTERS && token.length <= 512 && /^[\x21-\x7e]+$/.test(token)) return token;
  throw new FatalError(
    `the token in ${path} is not usable: expected 16 to 512 printable characters without spaces; remove the file to get a new one`,
  );
}

/** The token in a file that must be there. @throws {FatalError} */
export async function requireToken(path: string): Promise<string> {
  const token = await readToken(path);
  if (token === undefined) throw new FatalError(`cannot read the token in ${path}: there is no such file`);
  return token;
}

/** The token in a file, made (mode 0600) when there is none. @throws {FatalError | HostFileError} */
export async function readOrMakeToken(path: string): Promise<string> {
  const known = await readToken(path);
  if (known !== undefined) return known;
  const made = newToken();
  await writeFileAtomic(path, `${made}\n`, 0o600);
  return made;
}
