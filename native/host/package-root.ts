import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder with weft's package.json, from a source file as well as from its compiled twin under dist/. */
export function packageRoot(from: string = import.meta.dirname): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) throw new RangeError(`no package.json above ${from}: weft's files are incomplete`);
  }
}

let knownVersion: string | undefined;

/** The version in package.json, as it was when it was first asked for: that is what runs. */
export function packageVersion(): string {
  knownVersion ??= readVersion();
  return knownVersion;
}

function readVersion(): string {
  const parsed: unknown = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'));
  if (typeof parsed === 'object' && parsed !== null && 'version' in parsed && typeof parsed.version === 'string') {
    return parsed.version;
  }
  throw new RangeError(`package.json in ${packageRoot()} has no version`);
}
