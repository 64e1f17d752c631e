import type { SubnetPair } from '../wire.ts';

/** What a person or a hook should hear about this host's subnets. */
export type LeaseEvent =
  /** The key is gone or somebody else's; the data plane stays. */
  | { readonly kind: 'lease-lost'; readonly subnets: SubnetPair; readonly because: string }
  /** The same subnets are leased again. */
  | { readonly kind: 'lease-regained'; readonly subnets: SubnetPair }
  /** Other subnets than before: containers that use the old addresses have to be started again. */
  | {
      readonly kind: 'subnet-changed';
      readonly subnets: SubnetPair;
      readonly previous: SubnetPair;
      readonly because: string;
    }
  /** The lease tells peers another address of this host. */
  | { readonly kind: 'address-changed'; readonly subnets: SubnetPair; readonly address: string };
