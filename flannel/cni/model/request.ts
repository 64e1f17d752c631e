import { CNI_CODES, CniError } from './cni-error.ts';

export type CniCommand = 'ADD' | 'DEL' | 'CHECK' | 'GC' | 'STATUS' | 'VERSION';

/** What a runtime asks for in the environment; the network's configuration comes on stdin. */
export type CniRequest =
  | { readonly command: 'VERSION' }
  | { readonly command: 'GC' | 'STATUS'; readonly pluginFolders: readonly string[] }
  | {
      readonly command: 'ADD' | 'DEL' | 'CHECK';
      readonly pluginFolders: readonly string[];
      /** Fit to be the name of a file. */
      readonly containerId: string;
    };

type Environment = Readonly<Record<string, string | undefined>>;

const ATTACHMENT = ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_PATH'];

/** DEL does without the namespace: it may be gone. */
const REQUIRED: Readonly<Record<CniCommand, readonly string[]>> = {
  ADD: ATTACHMENT,
  CHECK: ATTACHMENT,
  DEL: ['CNI_CONTAINERID', 'CNI_IFNAME', 'CNI_PATH'],
  GC: ['CNI_PATH'],
  STATUS: ['CNI_PATH'],
  VERSION: [],
};

/** What the specification allows for container ids and network names; no path can be made of it. */
const IDENTIFIER = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

export function isIdentifier(text: string): boolean {
  return IDENTIFIER.test(text);
}

const isCommand = (word: string): word is CniCommand => Object.hasOwn(REQUIRED, word);

function fault(sentence: string): CniError {
  return new CniError(CNI_CODES.invalidEnvironment, sentence);
}

/** The kernel's rule for the names of interfaces. */
function checkInterfaceName(name: string): void {
  if (Buffer.byteLength(name) > 15 || name === '.' || name === '..' || /[/:\s]/.test(name)) {
    throw fault(`CNI_IFNAME "${name}" is no interface name: expected at most 15 bytes without /, : and white space`);
  }
}

/** Reads the environment. @throws {CniError} code 4, naming the variable */
export function parseRequest(env: Environment): CniRequest {
  const command = env['CNI_COMMAND'] ?? '';
  if (!isCommand(command)) {
    throw fault(`CNI_COMMAND "${command}" is unknown: expected ${Object.keys(REQUIRED).join(', ')}`);
  }
  const missing = REQUIRED[command].filter((name) => (env[name] ?? '') === '');
  if (missing.length > 0) throw fault(`${command} needs ${missing.join(', ')} in the environment`);
  if (command === 'VERSION') return { command };
  const pluginFolders = (env['CNI_PATH'] ?? '').split(':').filter((folder) => folder !== '');
  if (command === 'GC' || command === 'STATUS') return { command, pluginFolders };
  const containerId = env['CNI_CONTAINERID'] ?? '';
  if (!isIdentifier(containerId)) {
    throw fault(
      `CNI_CONTAINERID "${containerId}" is no container id: expected letters, digits, _ . - and no other first`,
    );
  }
  checkInterfaceName(env['CNI_IFNAME'] ?? '');
  return { command, pluginFolders, containerId };
}
