import type { Port } from './attachments.ts';
import { DockerError } from './docker-request.ts';

interface PortRange {
  readonly first: number;
  readonly last: number;
  readonly protocol: string;
}

/** Reads `80`, `80/udp` or `8000-8010/tcp`. @throws {DockerError} 400 */
export function portRangeOf(filter: 'publish' | 'expose', value: string): PortRange {
  const shown = value.slice(0, 80);
  if (value.includes(':')) throw new DockerError(400, `filter for '${filter}' should not contain ':': ${shown}`);
  const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/([a-zA-Z]*))?$/.exec(value);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match === null || last > 65_535 || first > last)
    throw new DockerError(
      400,
      `error while looking up for ${filter} ${shown}: expected a port such as 80 or 53/udp, or a range such as 8000-8010`,
    );
  return { first, last, protocol: match[3] === undefined || match[3] === '' ? 'tcp' : match[3] };
}

const isWithin = (port: number | undefined, protocol: string, range: PortRange): boolean =>
  port !== undefined && port >= range.first && port <= range.last && protocol === range.protocol;

/** Whether a port is one of those that are asked for: by where the host has it, or by where the container has it. */
export function portFits(port: Port, publish: readonly PortRange[], expose: readonly PortRange[]): boolean {
  return (
    publish.some((range) => isWithin(port.publicPort, port.protocol, range)) ||
    expose.some((range) => isWithin(port.privatePort, port.protocol, range))
  );
}
