/** What the underlay interface carries, bytes. */
export type OuterMtu = number & { readonly __brand: 'OuterMtu' };

/** What the overlay and its containers carry, bytes: {@link OuterMtu} without the headers of the tunnel. */
export type InnerMtu = number & { readonly __brand: 'InnerMtu' };

/** VXLAN over IPv4: outer IPv4 20, UDP 8, VXLAN 8, inner Ethernet 14. */
export const VXLAN_OVERHEAD_BYTES = 50;
/** VXLAN over IPv6: outer IPv6 40, the rest as with IPv4. */
export const VXLAN6_OVERHEAD_BYTES = 70;

/** Outer IPv4 20. */
export const IPIP_OVERHEAD_BYTES = 20;
/** As flannel counts: outer IPv6 40, UDP 8, WireGuard 32. */
export const WIREGUARD_OVERHEAD_BYTES = 80;

/** The least that IPv4 may be asked to carry in one piece, and the kernel's lower bound of a vxlan device's MTU. */
const MIN_INNER_MTU = 68;
/** The least that IPv6 works with (RFC 8200 §5). */
const MIN_INNER_MTU6 = 1280;

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

/** @throws {RangeError} if IPv6 would not work inside. */
export function innerMtu6(outer: OuterMtu): InnerMtu {
  const inner = outer - VXLAN6_OVERHEAD_BYTES;
  if (inner >= MIN_INNER_MTU6) return inner as InnerMtu;
  throw new RangeError(
    `an MTU of ${outer} bytes cannot carry IPv6 in VXLAN: expected at least ${MIN_INNER_MTU6 + VXLAN6_OVERHEAD_BYTES}`,
  );
}
