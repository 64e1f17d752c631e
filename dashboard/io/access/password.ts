import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';

/** OWASP's figures: 32 MiB and about 80 ms of a core for each try. */
const COST = { N: 2 ** 15, r: 8, p: 1 };
const KEY_BYTES = 32;
const SALT_BYTES = 16;

/** Hashes at one time; each has 32 MiB and a thread of the pool that also looks names up. */
const MAX_RUNNING = 2;
/** More than this do not wait: who is not known yet must not fill the memory. */
const MAX_WAITING = 32;

/** Too many passwords are being tried at this moment. */
export class TooManyHashes extends Error {
  override readonly name = 'TooManyHashes';
}

let running = 0;
const waiting: (() => void)[] = [];

async function hash(password: string, salt: Buffer, { N, r, p }: typeof COST): Promise<Buffer> {
  while (running >= MAX_RUNNING) {
    if (waiting.length >= MAX_WAITING) throw new TooManyHashes('too many passwords are being tried; wait a moment');
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
  running += 1;
  try {
    const options: ScryptOptions = { N, r, p, maxmem: 2 * 128 * N * r };
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    scrypt(password.normalize('NFKC'), salt, KEY_BYTES, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
    return await promise;
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

/** A password as it is kept: `scrypt$N$r$p$salt$key`, with a salt of its own. @throws {TooManyHashes} */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await hash(password, salt, COST);
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** What is compared where there is no such user, so that the time does not tell. */
const NOBODY = `scrypt$${COST.N}$${COST.r}$${COST.p}$${'A'.repeat(22)}$${'A'.repeat(43)}`;

/** Whether a password is the one that is kept; takes as long for `undefined`. @throws {TooManyHashes} */
export async function isPassword(password: string, kept: string | undefined): Promise<boolean> {
  const [, N, r, p, salt = '', key = ''] = (kept ?? NOBODY).split('$');
  const expected = Buffer.from(key, 'base64url');
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  const given = await hash(password, Buffer.from(salt, 'base64url'), cost);
  return given.length === expected.length && timingSafeEqual(given, expected) && kept !== undefined;
}
