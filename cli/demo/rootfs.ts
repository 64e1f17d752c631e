import { copyFile, mkdir, open, symlink, writeFile } from 'node:fs/promises';
import { FatalError } from '../../native/host/lifecycle.ts';
import { runCommand } from './command.ts';
import { LARGE_PAGE_BYTES } from './workloads.ts';

const FOLDERS = ['bin', 'proc', 'dev', 'sys', 'tmp', 'www', 'data', 'etc'];

/** A dynamic program names its loader within the first page of its file. */
const LOADER_SEARCH_BYTES = 4096;

async function assertStatic(busybox: string): Promise<void> {
  const file = await open(busybox, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LOADER_SEARCH_BYTES), 0, LOADER_SEARCH_BYTES, 0);
    if (buffer.subarray(0, bytesRead).includes('/ld-')) {
      throw new FatalError(
        `${busybox} needs shared libraries: install the static one (apt-get install busybox-static)`,
      );
    }
  } finally {
    await file.close();
  }
}

/** A root file system with nothing but busybox, for all containers to share read-only. @throws {FatalError | CommandError} */
export async function buildRootfs(folder: string, busybox: string): Promise<void> {
  await assertStatic(busybox);
  await Promise.all(FOLDERS.map((name) => mkdir(`${folder}/${name}`, { recursive: true, mode: 0o755 })));
  await copyFile(busybox, `${folder}/bin/busybox`);
  const applets = (await runCommand([busybox, '--list'])).split('\n').filter((name) => /^[\w[.-]+$/.test(name));
  await Promise.all(
    applets.filter((name) => name !== 'busybox').map((name) => symlink('busybox', `${folder}/bin/${name}`)),
  );
  await writeFile(`${folder}/etc/passwd`, 'root:x:0:0:root:/:/bin/sh\n');
}

/** What a host's web server shows: a page that names the host, and a large one. */
export async function writePages(folder: string, hostName: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(
    `${folder}/index.html`,
    `<!doctype html><title>${hostName}</title><h1>Hello from ${hostName}</h1>\n<a href="/large.bin">A page of 1.5 MiB</a>\n`,
  );
  const line = `${hostName}: the thread that runs over and under the warp\n`;
  await writeFile(`${folder}/large.bin`, line.repeat(Math.ceil(LARGE_PAGE_BYTES / line.length)));
}
