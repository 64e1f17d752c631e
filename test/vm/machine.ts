import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { packageRoot } from '../../native/host/package-root.ts';

/** Folder of the unpacked kernel; made once, git-ignored, and made anew when removed. */
const CACHE = join(packageRoot(), '.cache/vm');
const HERE = join(packageRoot(), 'test/vm');
/** Raised when what is prepared changes. */
const LAYOUT = 1;
const XZ_MAGIC = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);
const ELF_MAGIC = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);
/** What reaches the host's files, and an ext4 disk for block IO. */
const MODULES = ['virtio_pci', '9pnet_virtio', '9p', 'virtio_blk', 'ext4'];
const UNWANTED = [
  'sound',
  'drivers/gpu',
  'drivers/media',
  'drivers/usb',
  'drivers/scsi',
  'drivers/infiniband',
  'drivers/staging',
  'drivers/iio',
  'drivers/hwmon',
  'drivers/input',
  'drivers/net/ethernet',
  'drivers/net/wireless',
];
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function run(argv: readonly string[], options: { cwd?: string; input?: Buffer } = {}): string {
  const [file = '', ...rest] = argv;
  const { cwd = CACHE, input } = options;
  return execFileSync(file, rest, {
    cwd,
    encoding: 'latin1',
    maxBuffer: 1 << 28,
    env: { ...process.env, PATH },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(input === undefined ? {} : { input }),
  });
}

/** Debian's vmlinuz holds an xz-compressed ELF; qemu enters that directly, which saves an emulated decompression. */
function unpackKernel(vmlinuz: string, to: string): void {
  const image = readFileSync(vmlinuz);
  for (let at = image.indexOf(XZ_MAGIC); at >= 0; at = image.indexOf(XZ_MAGIC, at + 1)) {
    const part = join(CACHE, 'part.xz');
    writeFileSync(part, image.subarray(at));
    // xz ends with an error at what follows the stream; what it wrote until then is whole.
    const out = openSync(to, 'w');
    try {
      execFileSync('xz', ['-dc', '--single-stream', part], { stdio: ['ignore', out, 'ignore'] });
    } catch {
      // looked at below
    } finally {
      closeSync(out);
      rmSync(part);
    }
    if (readFileSync(to).subarray(0, 4).equals(ELF_MAGIC)) return;
  }
  throw new RangeError(`no ELF image inside ${vmlinuz}`);
}

function fetchKernel(): string {
  const [, name] = /Depends: (linux-image-\S+)/.exec(run(['apt-cache', 'depends', 'linux-image-amd64'])) ?? [];
  if (name === undefined) throw new RangeError('apt knows no linux-image-amd64: run apt-get update');
  run(['apt-get', 'download', name]);
  const deb = readdirSync(CACHE).find((file) => file.startsWith(`${name}_`) && file.endsWith('.deb'));
  if (deb === undefined) throw new RangeError(`apt-get download ${name} left no file`);
  run(['dpkg-deb', '-x', deb, 'kernel']);
  rmSync(join(CACHE, deb));
  const [version] = readdirSync(join(CACHE, 'kernel/lib/modules'));
  if (version === undefined) throw new RangeError(`${name} holds no modules`);
  return version;
}

/** Stripping takes the signatures off, whose checking costs more than the loading under emulation. */
function trimModules(version: string): void {
  const folder = join(CACHE, 'kernel/lib/modules', version, 'kernel');
  for (const name of UNWANTED) rmSync(join(folder, name), { recursive: true, force: true });
  const modules = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ko'));
  for (let at = 0; at < modules.length; at += 100)
    run(['strip', '--strip-debug', ...modules.slice(at, at + 100)], { cwd: folder });
  run(['depmod', '-b', join(CACHE, 'kernel'), version]);
}

function makeInitramfs(version: string): void {
  const root = join(CACHE, 'initramfs');
  for (const folder of ['bin', 'dev', 'proc', 'host', 'modules']) mkdirSync(join(root, folder), { recursive: true });
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  copyFileSync(join(HERE, 'initramfs-init.sh'), join(root, 'init'));
  chmodSync(join(root, 'init'), 0o755);
  const order: string[] = [];
  for (const module of MODULES) {
    const needed = run(['modprobe', '-d', join(CACHE, 'kernel'), '-S', version, '--show-depends', module]);
    for (const [, path] of needed.matchAll(/^insmod (\S+)/gm)) {
      if (path === undefined || order.includes(basename(path))) continue;
      copyFileSync(path, join(root, 'modules', basename(path)));
      order.push(basename(path));
    }
  }
  writeFileSync(join(root, 'modules/order'), `${order.join('\n')}\n`);
  const names = ['.', ...readdirSync(root, { recursive: true, encoding: 'utf8' })].join('\n');
  const archive = execFileSync('cpio', ['-o', '-H', 'newc', '--quiet'], {
    cwd: root,
    input: names,
    maxBuffer: 1 << 28,
  });
  writeFileSync(join(CACHE, 'initramfs.cpio'), archive);
  rmSync(root, { recursive: true });
}

/** Fetches and unpacks Debian's kernel once: about ten seconds and a download of 70 MB. */
export function prepareMachine(): void {
  const ready = join(CACHE, `ready-${LAYOUT}`);
  if (existsSync(ready)) return;
  rmSync(CACHE, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  // apt drops privileges to fetch, and its helper must reach the folder.
  chmodSync(CACHE, 0o777);
  const version = fetchKernel();
  unpackKernel(join(CACHE, 'kernel/boot', `vmlinuz-${version}`), join(CACHE, 'vmlinux'));
  trimModules(version);
  makeInitramfs(version);
  writeFileSync(`${ready}.new`, `${version}\n`);
  renameSync(`${ready}.new`, ready);
}

export interface GuestRun {
  readonly status: number;
  readonly output: string;
}

function diskArguments(image: string): string[] {
  return ['-drive', `if=none,id=disk,file=${image},format=raw,cache=unsafe`, '-device', 'virtio-blk-pci,drive=disk'];
}

const share = (id: string, path: string, readonly: boolean): string[] => [
  '-fsdev',
  `local,id=${id},path=${path},security_model=none${readonly ? ',readonly=on,multidevs=remap' : ''}`,
  '-device',
  `virtio-9p-pci,fsdev=${id},mount_tag=${id}`,
];

/** One virtual CPU: with two, each exec under emulation waits for the other's caches. */
const MACHINE = [
  '-M',
  'pc,usb=off,vmport=off',
  '-accel',
  'tcg,thread=multi,tb-size=512',
  '-cpu',
  'max',
  '-smp',
  '1',
  '-m',
  '2048',
  '-nodefaults',
  '-no-user-config',
  '-display',
  'none',
  '-no-reboot',
];
const KERNEL =
  'console=ttyS0 quiet loglevel=3 panic=-1 reboot=t nokaslr mitigations=off tsc=reliable no_timer_check random.trust_cpu=on cryptomgr.notests apparmor=0 psi=1 initcall_blacklist=init_kprobe_trace,load_system_certificate_list,init_zswap,i8042_init,crypto_kdf108_init,ksm_init';

/**
 * Runs a shell command as root in a machine of its own: Debian's kernel under emulation, a pure cgroup v2 tree with every
 * controller on, the host's files read-only, an empty ext4 disk at /mnt/disk. The working folder is the package. What else the
 * kernel has as a module (wireguard, ipip, vxlan, nf_tables…) it loads when asked for.
 */
export async function runInGuest(command: string, limitMs: number): Promise<GuestRun> {
  const work = mkdtempSync(join(tmpdir(), 'weft-test-vm-'));
  try {
    const image = join(work, 'disk.img');
    writeFileSync(image, '');
    truncateSync(image, 64 * 1024 * 1024);
    run(['mkfs.ext4', '-q', '-F', image]);
    writeFileSync(join(work, 'command'), `${command}\n`);
    const settings = { GUEST_INIT: join(HERE, 'guest-init.sh'), GUEST_CACHE: CACHE, GUEST_ROOT: packageRoot() };
    const append = [KERNEL, ...Object.entries(settings).map(([name, value]) => `${name}=${value}`)].join(' ');
    const machine = ['-kernel', join(CACHE, 'vmlinux'), '-initrd', join(CACHE, 'initramfs.cpio'), '-append', append];
    const shares = [...share('root', '/', true), ...share('work', work, false)];
    const child = spawn(
      'qemu-system-x86_64',
      [...MACHINE, '-serial', 'stdio', ...machine, ...shares, ...diskArguments(image)],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: limitMs,
        killSignal: 'SIGKILL',
      },
    );
    let serial = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (serial += chunk.toString()));
    await new Promise((resolve, reject) => {
      child.once('close', resolve);
      child.once('error', reject);
    });
    const output = existsSync(join(work, 'output')) ? readFileSync(join(work, 'output'), 'utf8') : '';
    if (!existsSync(join(work, 'status')))
      throw new RangeError(
        `the guest ended without a result (limit ${limitMs} ms)\n${output.slice(-4000)}\n${serial.slice(-4000)}`,
      );
    return { status: Number(readFileSync(join(work, 'status'), 'utf8')), output };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
