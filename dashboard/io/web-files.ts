import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { gzipSync } from 'node:zlib';

export interface WebFile {
  readonly content: Buffer<ArrayBuffer>;
  /** `undefined` where compressing gains nothing. */
  readonly gzipped: Buffer<ArrayBuffer> | undefined;
  readonly type: string;
  readonly etag: string;
  readonly cacheControl: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

const COMPRESSED = /^text\/|json|svg/;

/** Vite names everything in here by its content. */
const HASHED_FOLDER = '/assets/';

function webFile(path: string, urlPath: string): WebFile {
  const content = readFileSync(path);
  const type = TYPES[extname(path)] ?? 'application/octet-stream';
  return {
    content,
    gzipped: COMPRESSED.test(type) ? gzipSync(content) : undefined,
    type,
    etag: `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`,
    cacheControl: urlPath.startsWith(HASHED_FOLDER) ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
}

/**
 * The built page, held in memory by its URL path: what is not in here cannot be asked for. Empty when the page was not built.
 */
export function readWebFiles(folder: string): ReadonlyMap<string, WebFile> {
  let entries;
  try {
    entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Map();
    throw error;
  }
  return new Map(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        const urlPath = `/${relative(folder, path).split(sep).join('/')}`;
        return [urlPath, webFile(path, urlPath)];
      }),
  );
}
