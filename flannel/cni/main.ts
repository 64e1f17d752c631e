import { addAbortSignal } from 'node:stream';
import { text } from 'node:stream/consumers';
import { add, check, del, gc, status, type CommandParts } from './commands.ts';
import { readOverlayEnv } from './io/overlay-env-file.ts';
import { findPlugin, runPlugin, type PluginAnswer } from './io/plugin.ts';
import { confStore } from './io/stored-conf.ts';
import { CNI_CODES, CniError, renderCniError } from './model/cni-error.ts';
import { parseNetConf } from './model/net-conf.ts';
import { parseRequest, type CniRequest } from './model/request.ts';
import { answerVersion, renderVersions, SUPPORTED_VERSIONS } from './model/version.ts';

const ABOUT = `weft's CNI plugin, in the place of flannel's: container runtimes start it, with CNI_COMMAND in the environment.
CNI versions: ${SUPPORTED_VERSIONS.join(', ')}
`;

type Environment = Readonly<Record<string, string | undefined>>;
type Working = Exclude<CniRequest, { readonly command: 'VERSION' }>;

async function answerCommand(request: Working, parts: CommandParts): Promise<PluginAnswer> {
  switch (request.command) {
    case 'ADD':
      return add(parts, request.containerId);
    case 'DEL':
      return del(parts, request.containerId);
    case 'CHECK':
      return check(parts, request.containerId);
    case 'STATUS':
      return status(parts);
    case 'GC':
      return gc(parts);
  }
}

async function answerRequest(env: Environment, stdin: string, signal: AbortSignal): Promise<PluginAnswer> {
  const request = parseRequest(env);
  if (request.command === 'VERSION') return { exitCode: 0, stdout: renderVersions(stdin) };
  const netConf = parseNetConf(request.command, stdin);
  return answerCommand(request, {
    netConf,
    store: confStore(netConf.dataDir),
    readOverlay: () => readOverlayEnv(netConf.subnetFile),
    run: async (type, conf) =>
      runPlugin({ path: await findPlugin(type, request.pluginFolders), stdin: conf, env }, signal),
    note: (sentence) => process.stderr.write(`weft cni: ${sentence}\n`),
  });
}

/** Every failure becomes the JSON that a runtime expects on stdout. */
function explain(error: unknown, stdin: string): PluginAnswer {
  if (!(error instanceof CniError)) process.stderr.write(`weft cni: ${String(error)}\n`);
  const told = error instanceof CniError ? error : new CniError(CNI_CODES.internal, String(error), error);
  return { exitCode: 1, stdout: renderCniError(told, answerVersion(stdin)) };
}

/** `weft cni`: answers one command of a container runtime, in the protocol of CNI 0.1.0 to 1.1.0; gives the exit code. */
export async function runCniPlugin(): Promise<number> {
  if ((process.env['CNI_COMMAND'] ?? '') === '') {
    process.stderr.write(ABOUT);
    return 0;
  }
  const controller = new AbortController();
  const stop = (): void => {
    controller.abort();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  let stdin = '';
  let answer: PluginAnswer;
  try {
    stdin = await text(addAbortSignal(controller.signal, process.stdin));
    answer = await answerRequest(process.env, stdin, controller.signal);
  } catch (error) {
    answer = explain(error, stdin);
  }
  process.stdout.write(answer.stdout);
  return answer.exitCode;
}
