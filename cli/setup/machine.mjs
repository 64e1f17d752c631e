// What the machine must have: root, a kernel with VXLAN, and Debian packages.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { run, SetupError, step } from './progress.mjs';

const INSTEAD = '`npm run check` needs neither root nor a special kernel';

/** Program or file that shows that a package is there, and the package. */
const BUILD_PACKAGES = [
  ['g++', 'g++'],
  ['make', 'make'],
  ['python3', 'python3-minimal'],
];
const DEMO_PACKAGES = [
  ['ip', 'iproute2'],
  ['etcd', 'etcd-server'],
  [['runc', 'crun'], 'runc'],
  ['busybox', 'busybox-static'],
];
const TEST_PACKAGES = [
  ['runc', 'runc'],
  ['crun', 'crun'],
  ['etcdctl', 'etcd-client'],
  ['amtool', 'prometheus-alertmanager'],
  ['openssl', 'openssl'],
  ['ping', 'iputils-ping'],
  ['iperf3', 'iperf3'],
  ['nft', 'nftables'],
  ['iptables', 'iptables'],
  ['wg', 'wireguard-tools'],
  ['/usr/lib/cni/bridge', 'containernetworking-plugins'],
  ['podman', 'podman'],
  ['newuidmap', 'uidmap'],
  ['lxc-start', 'lxc'],
  ['dockerd', 'docker.io'],
  ['promtool', 'prometheus'],
  ['ps', 'procps'],
  ['script', 'bsdutils'],
  ['chromium', 'chromium'],
  ['/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf', 'fonts-dejavu-core'],
  ['victoria-metrics', 'victoria-metrics'],
  ['qemu-system-x86_64', 'qemu-system-x86'],
  ['cpio', 'cpio'],
  ['depmod', 'kmod'],
  ['xz', 'xz-utils'],
  ['strip', 'binutils'],
  ['mkfs.ext4', 'e2fsprogs'],
];

const FOLDERS = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];

function isThere(program) {
  const candidates = program.startsWith('/') ? [program] : FOLDERS.map((folder) => `${folder}/${program}`);
  return candidates.some((path) => {
    try {
      accessSync(path, program.startsWith('/') ? constants.R_OK : constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Packages of which nothing is there. */
function missing(packages) {
  return packages.filter(([signs]) => ![signs].flat().some(isThere)).map(([, name]) => name);
}

/** What each purpose needs from the machine. */
export const PACKAGES = {
  build: BUILD_PACKAGES,
  demo: DEMO_PACKAGES,
  test: [...DEMO_PACKAGES, ...TEST_PACKAGES],
};

export const isRoot = () => process.geteuid?.() === 0;

/** @throws {SetupError} */
export function assertRoot(command) {
  if (isRoot()) return;
  throw new SetupError(`\`${command}\` needs root, to make network namespaces: run \`sudo ${command}\`; ${INSTEAD}`);
}

const TRIAL =
  'ip link add weft0 type veth peer name weft1 && ip link add weft2 type bridge && ip link add weft3 type vxlan id 1 dstport 8472';

/** Tries the links that the overlay is made of, in a namespace that is gone a moment later. @throws {SetupError} */
export function assertKernel() {
  const { status, stderr, error } = spawnSync('unshare', ['--net', 'sh', '-c', TRIAL], { encoding: 'utf8' });
  if (status === 0) return;
  const said = (stderr ?? String(error)).trim().split('\n')[0];
  throw new SetupError(
    `this kernel cannot make VXLAN links in a network namespace (${said}): run this on a machine whose kernel has veth, bridge and vxlan; ${INSTEAD}`,
  );
}

const APT = {
  env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  advice: 'are the Debian mirrors within reach?',
};

/** The vm tier fetches a kernel by its package: apt must know that one. */
export async function learnPackages(name) {
  if (!isRoot() || !isThere('apt-get')) return;
  if (spawnSync('apt-cache', ['show', name], { stdio: 'ignore' }).status === 0) return;
  await step('apt-get update', () => run('apt-get', ['update', '-q'], APT));
}

/** Services that Debian starts as soon as their packages are there. */
const SERVICES = [
  ['etcd-server', 'etcd'],
  ['docker.io', 'docker'],
  ['prometheus', 'prometheus'],
  ['victoria-metrics', 'victoria-metrics'],
  ['prometheus-alertmanager', 'prometheus-alertmanager'],
];

function tellServices(names) {
  for (const [, service] of SERVICES.filter(([name]) => names.includes(name))) {
    process.stdout.write(
      `          Debian also starts ${service} as a service, which weft leaves alone: systemctl disable --now ${service}\n`,
    );
  }
}

/** Installs what is missing, with one look at the mirrors' lists; gives whether anything was. @throws {SetupError} */
export async function installSystemPackages(packages) {
  const names = missing(packages);
  if (names.length === 0) return false;
  const list = names.join(' ');
  if (!isRoot()) throw new SetupError(`programs are missing: sudo apt-get install --no-install-recommends ${list}`);
  if (!isThere('apt-get')) throw new SetupError(`programs are missing; on Debian their packages are called: ${list}`);
  await step('apt-get update', () => run('apt-get', ['update', '-q'], APT));
  await step(`apt-get install ${list}`, () =>
    run('apt-get', ['install', '-q', '-y', '--no-install-recommends', ...names], APT),
  );
  if (existsSync('/run/systemd/system')) tellServices(names);
  return true;
}
