import type { ContainerView } from '../wire.ts';
import { UNAVAILABLE } from './format.ts';

/** Whose traffic the network numbers of a container are. */
export function networkWords(network: ContainerView['network']): string {
  switch (network) {
    case 'own':
      return 'its own';
    case 'shared':
      return 'shared: the numbers are those of all containers in it';
    case 'host':
      return 'the host’s: its traffic is not attributable';
    case undefined:
      return UNAVAILABLE;
  }
}
