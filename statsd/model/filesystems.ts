import type { Content } from './cgroup-text.ts';
import { linesOf } from './host-text.ts';

export interface Mount {
  readonly device: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly readOnly: boolean;
  /** `major:minor`: two mounts of one file system have the same. */
  readonly number: string;
}

/** File systems that hold no data of their own. */
const PSEUDO = new Set(
  (
    'autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs fusectl hugetlbfs iso9660 mqueue nsfs overlay ' +
    'proc procfs pstore ramfs rpc_pipefs securityfs selinuxfs squashfs erofs sysfs tracefs fuse.lxcfs efivarfs'
  ).split(' '),
);
const IGNORED =
  /^\/(?:dev|proc|run\/credentials\/.+|sys|var\/lib\/docker\/.+|var\/lib\/containers\/storage\/.+)(?:$|\/)/;
const MAX_FILESYSTEMS = 256;

const unescape = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

const isReadOnly = (...options: readonly (string | undefined)[]): boolean =>
  options.some((each) => each?.split(',').includes('ro') === true);

function mountOf(line: string): Mount | undefined {
  const [before = '', after = ''] = line.split(' - ', 2);
  const [, , number, , mountPoint, options] = before.split(' ');
  const [type, device, superOptions] = after.split(' ');
  if (number === undefined || mountPoint === undefined || type === undefined || device === undefined) return undefined;
  return {
    device: unescape(device),
    mountPoint: unescape(mountPoint),
    type,
    readOnly: isReadOnly(options, superOptions),
    number,
  };
}

/** The file systems of a mountinfo file that hold data; one that is mounted several times counts where it was first. */
export function parseFilesystems(content: Content): Mount[] {
  const seen = new Set<string>();
  return linesOf(content)
    .flatMap((line): Mount[] => {
      const mount = mountOf(line);
      if (mount === undefined || PSEUDO.has(mount.type) || IGNORED.test(mount.mountPoint)) return [];
      if (seen.has(mount.number)) return [];
      seen.add(mount.number);
      return [mount];
    })
    .slice(0, MAX_FILESYSTEMS);
}
