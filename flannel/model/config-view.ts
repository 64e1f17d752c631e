import { formatIp, formatCidr } from '../../native/net/ip.ts';
import type { Backend } from './backend-config.ts';
import { isObject, type JsonObject } from './config-fields.ts';
import type { NetworkConfig } from './network-config.ts';
import type { Range4, Range6 } from './subnet-range.ts';

const REDACTED = '[redacted]';

/** Of the keys of a configuration these hold secrets, in any letter case. */
const SECRET_KEYS = new Set(['psk']);

function rangeView(range: Range4 | Range6 | undefined, prefix: '' | 'IPv6'): JsonObject {
  if (range === undefined) return {};
  return {
    [`${prefix}Network`]: formatCidr(range.network),
    [`${prefix}SubnetLen`]: range.subnetLength,
    [`${prefix}SubnetMin`]: formatIp(range.subnetMin),
    [`${prefix}SubnetMax`]: formatIp(range.subnetMax),
  };
}

function backendView(backend: Backend): JsonObject {
  const { kind } = backend;
  switch (kind) {
    case 'vxlan': {
      const { vni, port, gbp, learning, directRouting, mtu } = backend;
      const plain = { Type: kind, VNI: vni, Port: port, GBP: gbp, Learning: learning, DirectRouting: directRouting };
      return { ...plain, MTU: mtu ?? 0 };
    }
    case 'wireguard':
      return {
        Type: kind,
        ListenPort: backend.listenPort,
        ListenPortV6: backend.listenPortV6,
        Mode: backend.mode,
        PSK: backend.psk === undefined ? '' : REDACTED,
        PersistentKeepaliveInterval: backend.keepaliveSeconds,
        MTU: backend.mtu ?? 0,
      };
    case 'ipip':
      return { Type: kind, DirectRouting: backend.directRouting };
    case 'host-gw':
    case 'alloc':
      return { Type: kind };
  }
}

/** A configuration as it is understood: flannel's keys with every default filled in, secrets left out. */
export function configView({ ipv4, ipv6, enableNftables, backend }: NetworkConfig): JsonObject {
  return {
    EnableIPv4: ipv4 !== undefined,
    ...rangeView(ipv4, ''),
    EnableIPv6: ipv6 !== undefined,
    ...rangeView(ipv6, 'IPv6'),
    EnableNFTables: enableNftables,
    Backend: backendView(backend),
  };
}

function redact(value: unknown, key: string): unknown {
  if (SECRET_KEYS.has(key.toLowerCase()) && value !== '') return REDACTED;
  if (Array.isArray(value)) return value.map((item) => redact(item, ''));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, redact(item, name)]));
}

/** The operator's text with its secrets left out; `undefined` for what is not JSON. */
export function redactedConfig(text: string): string | undefined {
  try {
    return JSON.stringify(redact(JSON.parse(text), ''));
  } catch {
    return undefined;
  }
}
