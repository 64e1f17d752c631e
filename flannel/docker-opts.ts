import { execFile } from 'node:child_process';
import { readFile, realpath, stat, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { HostFileError, writeFileAtomic } from '../native/host/atomic-file.ts';
import { formatCidr4, parseCidr4 } from '../native/net/cidr.ts';
import {
  parseDockerOptsArguments,
  renderDockerOpts,
  routesInTheWay,
  type DockerOptsRequest,
} from './model/docker-opts.ts';
import { parseDotenv } from './model/subnet-env.ts';

const USAGE = `Usage: weft docker-opts [-f FILE] [-d FILE] [-i] [-c] [-k NAME] [-m]    writes dockerd's options from subnet.env

  -f FILE    what flanneld wrote (/run/flannel/subnet.env); without it only the environment counts
  -d FILE    environment file to write for docker's unit (/run/docker_opts.env)
  -i         one variable for each option: DOCKER_OPT_BIP, DOCKER_OPT_IPMASQ, DOCKER_OPT_MTU
  -c         all options in one variable; both forms when neither -i nor -c is given
  -k NAME    name of that variable (DOCKER_OPTS); what it holds already is kept in front
  -m         leave --ip-masq out
  -h         print this

The same flags, output and exit codes as flannel's mk-docker-opts.sh.
`;

export interface DockerOptsInput {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Variables of the file over those of the environment, as a shell has them after it has read the file. */
async function readVariables(path: string, env: DockerOptsInput['env']): Promise<Map<string, string>> {
  const variables = new Map(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) return variables;
  try {
    for (const [name, value] of parseDotenv(await readFile(path, 'utf8'))) variables.set(name, value);
  } catch (cause) {
    throw new HostFileError('read', path, cause);
  }
  return variables;
}

/** Replaces the file that the path leads to and keeps its mode; what is no file of a disk (`/dev/stdout`) is written into. */
async function writeOutput(path: string, text: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (path.startsWith('/dev/') || (found !== undefined && !found.isFile())) {
    await writeFile(path, text).catch((cause: unknown) => {
      throw new HostFileError('write', path, cause);
    });
  } else if (found === undefined) {
    await writeFileAtomic(path, text, 0o644);
  } else {
    await writeFileAtomic(await realpath(path), text, found.mode & 0o777);
  }
}

/** The network of docker's bridge, when there is one to look for. */
function bridgeNetwork(variables: ReadonlyMap<string, string>): string | undefined {
  try {
    return formatCidr4(parseCidr4(variables.get('FLANNEL_SUBNET') ?? ''));
  } catch {
    return undefined; // docker refuses it in words of its own
  }
}

async function findRoutesInTheWay(network: string, signal: AbortSignal): Promise<string[]> {
  try {
    const { stdout } = await promisify(execFile)('ip', ['route', 'show'], { signal });
    return routesInTheWay(stdout, network);
  } catch {
    signal.throwIfAborted();
    return []; // without `ip` the script does not know either
  }
}

async function writeDockerOpts(
  request: DockerOptsRequest,
  env: DockerOptsInput['env'],
  signal: AbortSignal,
): Promise<string | undefined> {
  const variables = await readVariables(request.subnetFile, env);
  await writeOutput(request.outputFile, renderDockerOpts(variables, request));
  const network = bridgeNetwork(variables);
  const inTheWay = network === undefined ? [] : await findRoutesInTheWay(network, signal);
  return inTheWay.length === 0 ? undefined : `Your routing table already contains the subnet: ${inTheWay.join('\n')}`;
}

/** `weft docker-opts`: does what flannel's mk-docker-opts.sh does. 0; 1 with a sentence on stderr, also for wrong usage, as there. */
export async function runDockerOpts(input: DockerOptsInput, signal: AbortSignal): Promise<0 | 1> {
  const request = parseDockerOptsArguments(input.argv);
  if ('fault' in request) {
    process.stderr.write(request.fault === undefined ? USAGE : `weft docker-opts: ${request.fault}\n\n${USAGE}`);
    return 1;
  }
  try {
    const fault = await writeDockerOpts(request, input.env, signal);
    if (fault === undefined) return 0;
    process.stderr.write(`${fault}\n`);
  } catch (error) {
    if (!(error instanceof HostFileError || error instanceof RangeError)) throw error;
    process.stderr.write(`${error.message}\n`);
  }
  return 1;
}
