import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { createNamespaces, inNamespace, namespacePath, removeNamespaces } from '../../cli/demo/namespaces.ts';

/** Namespaces that a failed test left; removed when the test process ends. */
const alive = new Set<string>();
let counter = 0;

process.once('exit', () => {
  for (const name of alive) spawnSync('ip', ['netns', 'del', name]);
});

export interface TestNamespace extends AsyncDisposable {
  readonly name: string;
  /** `/run/netns/<name>`. */
  readonly path: string;
  /** Runs a program inside and gives its standard output; throws with its stderr when it fails. */
  run(...argv: string[]): string;
  /** The same without judging the exit status. */
  try(...argv: string[]): SpawnSyncReturns<string>;
  /** `ip` inside, words split at spaces: `ns.ip('link set lo up')`. */
  ip(words: string): string;
}

function attempt(argv: readonly string[]): SpawnSyncReturns<string> {
  const [file = '', ...rest] = argv;
  return spawnSync(file, rest, { encoding: 'utf8', timeout: 30_000, maxBuffer: 64 * 1024 * 1024 });
}

/** Runs a program in the machine's own namespace and gives its standard output; throws with its stderr when it fails. */
export function run(...argv: string[]): string {
  const result = attempt(argv);
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0) throw new RangeError(`${argv.join(' ')}: ${result.status ?? ''} ${result.stderr}`);
  return result.stdout;
}

/** A named namespace `weft-t…` with `lo` up; ends with its scope (`await using`) or with the test process. */
export async function makeNamespace(label = ''): Promise<TestNamespace> {
  counter += 1;
  const name = `weft-t${process.pid}-${counter}${label === '' ? '' : `-${label}`}`;
  alive.add(name);
  await createNamespaces([name]);
  const inside = (...argv: string[]): string => run(...inNamespace(name, argv));
  inside('ip', 'link', 'set', 'lo', 'up');
  return {
    name,
    path: namespacePath(name),
    run: inside,
    try: (...argv) => attempt(inNamespace(name, argv)),
    ip: (words) => inside('ip', ...words.split(' ')),
    [Symbol.asyncDispose]: async () => {
      await removeNamespaces([name]);
      alive.delete(name);
    },
  };
}

export interface TestHost {
  readonly namespace: TestNamespace;
  /** Its address on the underlay's `eth0`. */
  readonly underlayAddress: string;
}

export interface TestUnderlay extends AsyncDisposable {
  /** Holds the bridge `br0`; host number i hangs on its port `p<i>`. Run etcd here, on `address`. */
  readonly fabric: TestNamespace;
  /** The bridge's own address. */
  readonly address: string;
  readonly hosts: readonly TestHost[];
}

/** A bridge in its own namespace and hosts on it, numbered from 1: host i has 192.168.77.(10+i)/24 and fd00:77::(10+i)/64 on `eth0`, the bridge 192.168.77.1 and fd00:77::1. */
export async function makeUnderlay(options: { readonly hosts: number }): Promise<TestUnderlay> {
  const stack = new AsyncDisposableStack();
  try {
    const fabric = stack.use(await makeNamespace('ul'));
    fabric.ip('link add br0 type bridge');
    fabric.ip('addr add 192.168.77.1/24 dev br0');
    fabric.ip('addr add fd00:77::1/64 dev br0 nodad');
    fabric.ip('link set br0 up');
    const hosts: TestHost[] = [];
    for (let number = 1; number <= options.hosts; number += 1) {
      const namespace = stack.use(await makeNamespace(`h${number}`));
      const underlayAddress = `192.168.77.${10 + number}`;
      fabric.ip(`link add p${number} type veth peer name eth0 netns ${namespace.name}`);
      fabric.ip(`link set p${number} master br0 up`);
      namespace.ip(`addr add ${underlayAddress}/24 dev eth0`);
      namespace.ip(`addr add fd00:77::${10 + number}/64 dev eth0 nodad`);
      namespace.ip('link set eth0 up');
      namespace.ip('route add default via 192.168.77.1 dev eth0');
      namespace.ip('-6 route add default via fd00:77::1 dev eth0');
      hosts.push({ namespace, underlayAddress });
    }
    const owned = stack.move();
    return { fabric, address: '192.168.77.1', hosts, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
