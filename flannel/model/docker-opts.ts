/** What `weft docker-opts` was asked for; the defaults are those of flannel's mk-docker-opts.sh. */
export interface DockerOptsRequest {
  readonly subnetFile: string;
  readonly outputFile: string;
  /** One variable for each option. */
  readonly individual: boolean;
  /** All options in one variable. */
  readonly combined: boolean;
  /** Name of that variable. */
  readonly combinedKey: string;
  /** Leave `--ip-masq` out. */
  readonly withoutIpMasq: boolean;
}

/** The command line asks for the usage; `fault` says what is wrong with it, if anything is. */
export interface DockerOptsUsage {
  readonly fault: string | undefined;
}

const WITH_VALUE = new Set(['f', 'd', 'k']);
const ALONE = new Set(['i', 'c', 'm']);
const VARIABLE = /^[A-Za-z_]\w*$/;

interface Letters {
  /** The last value of each letter given; empty for one without a value. */
  readonly given: ReadonlyMap<string, string>;
  readonly fault: string | undefined;
  readonly help: boolean;
}

const noOption = (word: string): string => `${word} is no option: expected -f, -d, -i, -c, -k, -m or -h`;

/** `-ic` as `-i -c`, `-f/run/x` as `-f /run/x`: a letter each, and the value that stands in the same word. */
function lettersOf(word: string): { letter: string; rest: string }[] {
  const letters: { letter: string; rest: string }[] = [];
  for (let at = 1; at < word.length; at += 1) {
    const letter = word.charAt(at);
    const rest = WITH_VALUE.has(letter) ? word.slice(at + 1) : '';
    letters.push({ letter, rest });
    if (rest !== '') break;
  }
  return letters;
}

/** getopts' syntax. */
function readLetters(argv: readonly string[]): Letters {
  const given = new Map<string, string>();
  const ends = (fault: string | undefined): Letters => ({ given, fault, help: fault === undefined });
  const words = [...argv];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (!/^-./.test(word)) return ends(noOption(`"${word}"`));
    for (const { letter, rest } of lettersOf(word)) {
      if (letter === 'h' || letter === '?') return ends(undefined);
      if (!WITH_VALUE.has(letter) && !ALONE.has(letter)) return ends(noOption(`-${letter}`));
      const value = WITH_VALUE.has(letter) && rest === '' ? words.shift() : rest;
      if (value === undefined) return ends(`-${letter} needs a value`);
      given.set(letter, value);
    }
  }
  return { given, fault: undefined, help: false };
}

/** Reads the command line as the script does, except that words it would pass over are faults. */
export function parseDockerOptsArguments(argv: readonly string[]): DockerOptsRequest | DockerOptsUsage {
  const { given, fault, help } = readLetters(argv);
  if (fault !== undefined || help) return { fault };
  const combinedKey = given.get('k') ?? 'DOCKER_OPTS';
  if (!VARIABLE.test(combinedKey)) {
    return { fault: `-k "${combinedKey}" is no name of a variable: expected letters, digits and _` };
  }
  const both = !given.has('i') && !given.has('c');
  return {
    subnetFile: given.get('f') ?? '/run/flannel/subnet.env',
    outputFile: given.get('d') ?? '/run/docker_opts.env',
    individual: both || given.has('i'),
    combined: both || given.has('c'),
    combinedKey,
    withoutIpMasq: given.has('m'),
  };
}

const PREFIX = 'DOCKER_OPT_';

/** Names that begin with `DOCKER_OPT_` and their values, by name; flannel's own replace those of the environment. */
function optionsOf(variables: ReadonlyMap<string, string>, withoutIpMasq: boolean): (readonly [string, string])[] {
  const options = new Map([...variables].filter(([name]) => name.startsWith(PREFIX)));
  const subnet = variables.get('FLANNEL_SUBNET') ?? '';
  const mtu = variables.get('FLANNEL_MTU') ?? '';
  const ipMasq = variables.get('FLANNEL_IPMASQ') ?? '';
  if (subnet !== '') options.set(`${PREFIX}BIP`, `--bip=${subnet}`);
  if (mtu !== '') options.set(`${PREFIX}MTU`, `--mtu=${mtu}`);
  // Whoever masquerades already, docker need not.
  if (ipMasq !== '' && !withoutIpMasq) options.set(`${PREFIX}IPMASQ`, `--ip-masq=${String(ipMasq === 'false')}`);
  return [...options]
    .map(([name, value]) => [name, value.trim().split(/\s+/).join(' ')] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * The text of docker's environment file, byte for byte as mk-docker-opts.sh writes it. `variables` is the environment, overlaid
 * with what the subnet file sets. @throws {RangeError} with the script's sentence when FLANNEL_IPMASQ is neither true nor false.
 */
export function renderDockerOpts(
  variables: ReadonlyMap<string, string>,
  form: Pick<DockerOptsRequest, 'individual' | 'combined' | 'combinedKey' | 'withoutIpMasq'>,
): string {
  const ipMasq = variables.get('FLANNEL_IPMASQ') ?? '';
  if (!form.withoutIpMasq && !['', 'true', 'false'].includes(ipMasq)) {
    throw new RangeError(`Invalid value of FLANNEL_IPMASQ: ${ipMasq}`);
  }
  const options = optionsOf(variables, form.withoutIpMasq);
  const existing = variables.get(form.combinedKey) ?? '';
  const combined = [existing === '' ? '' : `${existing} `, ...options.map(([, value]) => value)].join(' ');
  return [
    ...(form.individual ? options.map(([name, value]) => `${name}="${value}"\n`) : []),
    ...(form.combined ? [`${form.combinedKey}="${combined}"\n`] : []),
  ].join('');
}

/** Lines of `ip route show`, as printed, that lead to this very network over a gateway: docker's bridge would contradict them. */
export function routesInTheWay(ipRouteShow: string, network: string): string[] {
  return ipRouteShow.split('\n').filter((line) => {
    const [destination, ...rest] = line.trim().split(/\s+/);
    return destination === network && rest.includes('via');
  });
}
