// The addon, the compiled server code and the web page; each only when its sources have changed.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow, fingerprint, isCurrent, writeStamp } from './fingerprint.mjs';
import { nodeBinary, nodeFolder, ownEnvironment } from './packages.mjs';
import { run, step } from './progress.mjs';

const SERVER_FOLDERS = ['native', 'flannel', 'statsd', 'dashboard', 'cli'];
const PAGE = '/dashboard/web/';

function tool(root, script, args, advice) {
  return run(nodeBinary(root), [join(root, 'node_modules', script), ...args], {
    cwd: root,
    env: ownEnvironment(root),
    advice,
  });
}

/** Output whose source is gone must not be found by anything. */
function removeStaleOutput(root) {
  for (const folder of SERVER_FOLDERS) {
    for (const path of filesBelow(join(root, 'dist', folder))) {
      const source = join(root, path.slice(join(root, 'dist').length).replace(/\.js$/, '.ts'));
      if (path.endsWith('.js') && !existsSync(source)) rmSync(path);
    }
  }
}

const addon = {
  title: 'native addon (node-gyp)',
  stamp: 'native/build/.weft-stamp',
  output: 'native/build/Release/weft.node',
  print: (root) => fingerprint(root, ['native/binding.gyp', 'native/addon', 'node_modules/node/package.json']),
  build: (root) =>
    tool(
      root,
      'node-gyp/bin/node-gyp.js',
      ['rebuild', '-C', 'native', `--nodedir=${nodeFolder(root)}`],
      'the addon needs a C++ compiler (apt-get install g++ make python3)',
    ),
};

const server = {
  title: 'server code (tsc, vite)',
  stamp: 'dist/.server-stamp',
  output: 'dist/bundle/weft.js',
  print: (root) =>
    fingerprint(
      root,
      [...SERVER_FOLDERS, 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'],
      (path) => !path.startsWith(`${root}${PAGE}`) && (/\.(?:ts|json)$/.test(path) || path.endsWith('/bundle.mjs')),
    ),
  build: async (root) => {
    // With it tsc writes only what changed, and would not miss output that somebody removed.
    rmSync(join(root, 'dist/.tsbuildinfo'), { force: true });
    await tool(root, 'typescript/bin/tsc', ['-p', 'tsconfig.build.json'], 'the sources do not compile');
    removeStaleOutput(root);
    await run(nodeBinary(root), [join(root, 'cli/setup/bundle.mjs')], {
      cwd: root,
      env: ownEnvironment(root),
      advice: 'the compiled code cannot be bundled',
    });
  },
};

const page = {
  title: 'web page (vite)',
  stamp: 'dist/.web-stamp',
  output: 'dist/web/index.html',
  print: (root) => fingerprint(root, ['dashboard/web', 'dashboard/model', 'dashboard/wire.ts', 'package-lock.json']),
  build: (root) =>
    tool(root, 'vite/bin/vite.js', ['build', '--config', 'dashboard/web/vite.config.ts'], 'the page does not build'),
};

/** By the name that `--only` takes. */
export const BUILDS = { native: addon, server, web: page };

export function isBuilt(root, build) {
  return existsSync(join(root, build.output)) && isCurrent(join(root, build.stamp), build.print(root));
}

/** Builds what is out of date; gives whether anything was. */
export async function makeBuilds(root, names) {
  let changed = false;
  for (const build of names.map((name) => BUILDS[name])) {
    if (isBuilt(root, build)) continue;
    changed = true;
    const print = build.print(root);
    await step(build.title, () => build.build(root));
    writeStamp(join(root, build.stamp), print);
  }
  return changed;
}
