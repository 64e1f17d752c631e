import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './netns.ts';

const APPLETS = ['sh', 'sleep', 'cat', 'httpd'];

/** A root file system with busybox and nothing else, as a tar archive for `docker import` and `podman import`; gives its path. */
export function busyboxArchive(folder: string): string {
  const root = join(folder, 'busybox');
  mkdirSync(join(root, 'bin'), { recursive: true });
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  for (const applet of APPLETS) symlinkSync('busybox', join(root, 'bin', applet));
  const archive = join(folder, 'busybox.tar');
  run('tar', '--create', '--directory', root, '--file', archive, '.');
  return archive;
}
