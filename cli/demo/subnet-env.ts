import { z } from 'zod';
import { parseInterfaceAddress4, type InterfaceAddress4 } from '../../native/net/cidr.ts';

export interface SubnetEnv {
  /** The host's gateway address and the length of its subnet, such as 10.244.7.1/24. */
  readonly gateway: InterfaceAddress4;
  readonly mtu: number;
}

const subnetEnvSchema = z.object({
  FLANNEL_SUBNET: z.string(),
  FLANNEL_MTU: z.string().regex(/^\d{3,5}$/),
});

/** Reads what flanneld writes for the container runtime. @throws {z.ZodError | RangeError} on anything else. */
export function parseSubnetEnv(text: string): SubnetEnv {
  const pairs = text.split('\n').flatMap((line) => {
    const at = line.indexOf('=');
    return at > 0 ? [[line.slice(0, at), line.slice(at + 1)] as const] : [];
  });
  const { FLANNEL_SUBNET, FLANNEL_MTU } = subnetEnvSchema.parse(Object.fromEntries(pairs));
  return { gateway: parseInterfaceAddress4(FLANNEL_SUBNET), mtu: Number(FLANNEL_MTU) };
}
