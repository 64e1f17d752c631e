import { readFileSync } from 'node:fs';
import { FatalError } from '../../native/host/lifecycle.ts';

/** The number of a group, by its name in /etc/group or as digits. @throws {FatalError} when there is none of that name. */
export function groupIdOf(group: string): number {
  if (/^\d{1,9}$/.test(group)) return Number(group);
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${group}:`));
  const id = Number(line?.split(':')[2] ?? Number.NaN);
  if (Number.isInteger(id)) return id;
  throw new FatalError(`there is no group ${JSON.stringify(group)}; choose another with --docker-socket-group`);
}
