/** What the underlay interface carries, bytes. */
export type OuterMtu = number & { readonly __brand: 'OuterMtu' };

/** What the overlay and its containers carry, bytes: {@link OuterMtu} without the VXLAN headers. */
export type InnerMtu = number & { readonly __brand: 'InnerMtu' };

/** Outer IPv4 20, UDP 8, VXLAN 8, inner Ethernet 14. */
export const VXLAN_OVERHEAD_BYTES = 50;

/** The least that IPv4 may be asked to carry in one piece, and the kernel's lower bound of a vxlan device's MTU. */
const MIN_INNER_MTU = 68;

/** @throws {RangeError} if nothing useful is left beside the headers. */
export function outerMtu(bytes: number): OuterMtu {
  if (!Number.isInteger(bytes) || bytes < MIN_INNER_MTU + VXLAN_OVERHEAD_BYTES || bytes > 65_535) {
    throw new RangeError(
      `an MTU of ${bytes} bytes cannot carry VXLAN: expected ${MIN_INNER_MTU + VXLAN_OVERHEAD_BYTES} to 65535`,
    );
  }
  return bytes as OuterMtu;
}

export function innerMtu(outer: OuterMtu): InnerMtu {
  return (outer - VXLAN_OVERHEAD_BYTES) as InnerMtu;
}
