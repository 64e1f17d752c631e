/** A container's writable layer. */
export interface LayerUsage {
  /** On disk, holes left out, each inode once. */
  readonly usageBytes: number;
  /** Of the file system that it is on. */
  readonly limitBytes: number;
  readonly inodes: number;
  readonly inodesFree: number;
  readonly major: number;
  readonly minor: number;
}

/** mountinfo writes space, tab, line end and backslash as `\040` and so on. */
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

/** The folder that an overlay at `/` writes to, from a `/proc/PID/mountinfo` text; the last mount there is the one that counts. */
export function upperFolder(mountinfo: string): string | undefined {
  let upper: string | undefined;
  for (const line of mountinfo.split('\n')) {
    const [mount = '', rest = ''] = line.split(' - ', 2);
    if (mount.split(' ')[4] !== '/') continue;
    const [type, , options = ''] = rest.split(' ');
    const found = /(?:^|,)upperdir=((?:[^,\\]|\\.)+)/.exec(options)?.[1];
    // overlayfs escapes commas and colons with a backslash of its own, which mountinfo escapes again.
    const plain = found === undefined ? undefined : unescaped(found).replace(/\\(.)/g, '$1');
    upper = type === 'overlay' && plain?.startsWith('/') === true ? plain : undefined;
  }
  return upper;
}
