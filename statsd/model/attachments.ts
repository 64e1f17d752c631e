import { cleanText } from './text.ts';

/** A port of a container, as docker lists it; without `publicPort` it is exposed only. */
export interface Port {
  readonly privatePort: number;
  /** `tcp`, `udp` or `sctp`. */
  readonly protocol: string;
  readonly hostIp?: string;
  readonly publicPort?: number;
}

/** What docker attached to a container, as far as `docker ps` shows it or filters by it. */
export interface Attachments {
  readonly ports: readonly Port[];
  /** Names of volumes, sources of bind mounts, and where each is mounted: what the filter `volume` goes by. */
  readonly volumes: readonly string[];
  readonly networks: readonly { readonly name: string; readonly id: string }[];
}

/** Whoever starts a container can attach any number; with these bounds it is 100 KiB at most. */
const MAX_PORTS = 256;
const MAX_VOLUMES = 64;
const MAX_NETWORKS = 32;

const isPort = (port: number | undefined): boolean =>
  port === undefined || (Number.isInteger(port) && port > 0 && port <= 65_535);

/** As much of it as is kept: bounded and clean. */
export function boundedAttachments({ ports, volumes, networks }: Attachments): Attachments {
  return {
    ports: ports
      .filter(({ privatePort, publicPort }) => isPort(privatePort) && isPort(publicPort))
      .slice(0, MAX_PORTS)
      .map((port) => ({
        ...port,
        protocol: cleanText(port.protocol, 16),
        ...(port.hostIp === undefined ? {} : { hostIp: cleanText(port.hostIp, 64) }),
      })),
    volumes: [...new Set(volumes.slice(0, MAX_VOLUMES).map((volume) => cleanText(volume)))],
    networks: networks.slice(0, MAX_NETWORKS).map(({ name, id }) => ({ name: cleanText(name), id: cleanText(id, 64) })),
  };
}
