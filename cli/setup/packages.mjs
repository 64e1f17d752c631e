// npm packages and the Node.js that weft runs on.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, step } from './progress.mjs';

const OFFLINE = 'is the npm registry within reach?';

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Whether node_modules holds what package-lock.json names. npm's own record of what it installed is asked, no date. */
export function packagesAreCurrent(root) {
  const wanted = readJson(join(root, 'package-lock.json'))?.packages;
  const present = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages;
  if (wanted === undefined || present === undefined) return false;
  // Optional packages are for other platforms as a rule, and are then left out.
  return Object.entries(wanted).every(
    ([place, { version, optional, link }]) =>
      place === '' || optional === true || link === true || present[place]?.version === version,
  );
}

/** The folder of the platform's own package below `node`: binary and headers. */
export function nodeFolder(root) {
  const folder = join(root, 'node_modules', 'node', 'node_modules');
  if (!existsSync(folder)) return undefined;
  const name = readdirSync(folder).find((each) => each.startsWith('node-linux'));
  return name === undefined ? undefined : join(folder, name);
}

/** The binary that scripts run on. */
export const nodeBinary = (root) => join(root, 'node_modules', 'node', 'bin', 'node');

function nodeIsComplete(root) {
  const folder = nodeFolder(root);
  return (
    existsSync(nodeBinary(root)) && folder !== undefined && existsSync(join(folder, 'include', 'node', 'node_api.h'))
  );
}

/** Environment in which `node` and every tool is the project's own. */
export const ownEnvironment = (root) => ({
  ...process.env,
  PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}`,
});

/** Installs what is missing; gives whether anything was. */
export async function installPackages(root) {
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts=false'];
  let changed = false;
  if (!packagesAreCurrent(root)) {
    changed = true;
    await step('npm packages (npm ci)', () => run('npm', ['ci', ...quiet], { cwd: root, advice: OFFLINE }));
  }
  // A later `npm install` prunes the folder with the headers.
  if (!nodeIsComplete(root)) {
    changed = true;
    await step('Node.js 24 (npm rebuild node)', () =>
      run('npm', ['rebuild', 'node', ...quiet], { cwd: root, advice: OFFLINE }),
    );
  }
  return changed;
}
