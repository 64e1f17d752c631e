import { InvalidArgumentError, type Command } from 'commander';
import { processEnvironment } from '../native/host/config.ts';
import { DEFAULT_STATUS_LISTEN } from '../statsd/status-wire.ts';
import type { AgentPlace } from './top/agent-client.ts';
import { SORTS } from './top/columns.ts';
import type { TopState } from './top/view.ts';

interface TopOptions {
  readonly url: URL;
  readonly socket?: string;
  readonly tokenFile?: string;
  readonly sort: string;
  readonly filter: string;
  readonly all?: boolean;
  readonly once?: boolean;
  readonly json?: boolean;
}

function agentUrl(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol === 'http:') return url;
  throw new InvalidArgumentError(`Expected a URL such as http://${DEFAULT_STATUS_LISTEN}.`);
}

function sortOf(text: string): string {
  if (SORTS.includes(text)) return text;
  throw new InvalidArgumentError(`Expected one of ${SORTS.join(', ')}.`);
}

function placeOf({ url, socket, tokenFile }: TopOptions): AgentPlace {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const at = socket === undefined ? { host, port: Number(url.port || 80) } : { socketPath: socket };
  return { at, tokenFile };
}

const PLAIN_COLUMNS = 120;

async function printOnce(place: AgentPlace, state: TopState, form: 'json' | 'table'): Promise<void> {
  const { readContainers } = await import('./top/agent-client.ts');
  const { plainTable } = await import('./top/view.ts');
  const tick = await readContainers(place, state.showExited ? 'all' : 'alive');
  const columns = process.stdout.isTTY ? process.stdout.columns : PLAIN_COLUMNS;
  process.stdout.write(form === 'json' ? `${JSON.stringify(tick)}\n` : plainTable(tick, state, columns));
}

async function runTop(options: TopOptions): Promise<void> {
  const { AgentError } = await import('./top/agent-client.ts');
  const { initialState } = await import('./top/view.ts');
  const { sort, filter, all = false, once = false, json = false } = options;
  const state = initialState({ sort, filter, showExited: all });
  const isTerminal = process.stdout.isTTY && process.stdin.isTTY && processEnvironment()['TERM'] !== 'dumb';
  try {
    if (once || json || !isTerminal) await printOnce(placeOf(options), state, json ? 'json' : 'table');
    else await (await import('./top/live.ts')).showLive(placeOf(options), state);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    process.stderr.write(`weft top: ${error.message}\n`);
    process.exitCode = 1;
  }
}

/** Adds `weft top`; what it needs is loaded only when it runs. */
export function addTopCommand(program: Command): void {
  program
    .command('top')
    .description("this host's containers, live, in the terminal")
    .option(
      '--url <url>',
      'where the stats agent listens (default its own default)',
      agentUrl,
      agentUrl(`http://${DEFAULT_STATUS_LISTEN}`),
    )
    .option('--socket <file>', "the agent's docker socket, in the place of --url")
    .option('--token-file <file>', 'file with the token, for an agent that asks for one')
    .option('--sort <column>', SORTS.join(', '), sortOf, 'cpu')
    .option('--filter <text>', 'only containers in whose name, image, runtime or labels this stands', '')
    .option('--all', 'containers that ended, too')
    .option('--once', 'print the table once and end; so it is without a terminal')
    .option('--json', 'print one JSON document and end')
    .action(runTop);
}
