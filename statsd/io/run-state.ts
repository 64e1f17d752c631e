import { join } from 'node:path';
import { z } from 'zod';
import { readJson } from './bounded-file.ts';
import { unixMsOf } from './docker-files.ts';

const stateSchema = z.object({ created: z.string().nullish().catch(undefined) });

/** Where runc and crun keep the state of a container, below a user's run folder. */
export function runStateFiles(runFolder: string, id: string): string[] {
  return [join(runFolder, 'crun', id, 'status'), join(runFolder, 'runc', id, 'state.json')];
}

/** When the run began that runc or crun wrote down; of what else a user's state may say nothing is believed. */
export async function readRunStart(files: readonly string[]): Promise<number | undefined> {
  const states = await Promise.all(files.map((file) => readJson(file, stateSchema)));
  return states.map((state) => unixMsOf(state?.created)).find((time) => time !== undefined);
}
