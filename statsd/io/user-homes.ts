import { join } from 'node:path';
import { readBounded } from './bounded-file.ts';

/** Home folders by user id, of a passwd text. */
export function parsePasswd(text: string): Map<number, string> {
  const homes = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [, , uid = '', , , home = ''] = line.split(':');
    if (/^\d{1,10}$/.test(uid) && home.startsWith('/') && !home.split('/').includes('..')) homes.set(Number(uid), home);
  }
  return homes;
}

/** A user's home folder, by the host's `/etc/passwd`; `undefined` for users that are kept elsewhere. */
export async function homeOf(hostRoot: string, uid: number): Promise<string | undefined> {
  return parsePasswd((await readBounded(join(hostRoot, '/etc/passwd'))) ?? '').get(uid);
}
