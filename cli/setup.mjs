#!/usr/bin/env node
// Makes a fresh clone able to run, then runs what was asked for. Needs Node.js 20, npm and nothing else.
//
//   node cli/setup.mjs                 packages, builds and commit hooks
//   node cli/setup.mjs --only native   one build: native, server or web
//   node cli/setup.mjs demo [-- ...]   set-up, then `weft demo` with these arguments
//   node cli/setup.mjs test [tiers]    set-up, then the test tiers; the last line is the count
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUILDS, isBuilt, makeBuilds } from './setup/builds.mjs';
import { runHere } from './setup/child.mjs';
import { assertKernel, assertRoot, installSystemPackages, isRoot, learnPackages, PACKAGES } from './setup/machine.mjs';
import { installPackages } from './setup/packages.mjs';
import { SetupError } from './setup/progress.mjs';
import { runTiers, TIERS } from './setup/tiers.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const MINIMUM_NODE = 20;

async function prepare({ system = [], builds = Object.keys(BUILDS) } = {}) {
  const startMs = performance.now();
  const installed = await installSystemPackages(system);
  const packages = await installPackages(root);
  // Compilers are asked for only when there is something to compile.
  if (builds.includes('native') && !isBuilt(root, BUILDS.native)) await installSystemPackages(PACKAGES.build);
  const built = await makeBuilds(root, builds);
  const took = ((performance.now() - startMs) / 1000).toFixed(1).padStart(6);
  process.stdout.write(
    `${took} s  ${installed || packages || built ? 'set-up is complete' : 'everything is installed and built'}\n`,
  );
}

/** The commit hooks of this repository, for whoever sets it up to work on it. */
function enableHooks() {
  if (!existsSync(join(root, '.git'))) return;
  spawnSync('git', ['config', 'core.hooksPath', '.githooks'], { cwd: root });
}

async function demo(args) {
  assertRoot('npm start');
  await installSystemPackages(PACKAGES.demo);
  assertKernel();
  await prepare();
  return await runHere(join(root, 'cli', 'weft'), ['demo', ...args]);
}

async function test(tiers) {
  const unknown = tiers.filter((tier) => !TIERS.includes(tier));
  if (unknown.length > 0) {
    process.stderr.write(`no such test tier: ${unknown.join(', ')}; there are ${TIERS.join(', ')}\n`);
    return 2;
  }
  assertRoot('npm test');
  await installSystemPackages(PACKAGES.test);
  await learnPackages('linux-image-amd64');
  assertKernel();
  await prepare();
  return await runTiers(root, tiers.length > 0 ? tiers : TIERS);
}

async function main([command, ...rest]) {
  if (Number(process.versions.node.split('.')[0]) < MINIMUM_NODE) {
    throw new SetupError(`set-up needs Node.js ${MINIMUM_NODE} or newer, this is ${process.versions.node}`);
  }
  const args = rest.filter((arg, index) => !(index === 0 && arg === '--'));
  if (command === 'demo') return await demo(args);
  if (command === 'test') return await test(args);
  if (command === '--only' && rest[0] in BUILDS) {
    await prepare({ builds: [rest[0]] });
    return 0;
  }
  if (command !== undefined) {
    process.stderr.write('usage: node cli/setup.mjs [--only native|server|web] | demo [options] | test [tiers]\n');
    return 2;
  }
  await prepare(isRoot() ? { system: PACKAGES.demo } : {});
  enableHooks();
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`weft: ${error.message}\n`);
  process.exitCode = 1;
}
