import { isObject, plainField, type JsonObject } from './config-fields.ts';
import { configView } from './config-view.ts';
import type { NetworkConfig } from './network-config.ts';
import { parseSpelledKeys } from './spelled-keys.ts';

/** One value of the configuration that is another now. */
export interface ConfigChange {
  /** `SubnetLen`, `Backend.VNI`. */
  readonly key: string;
  /** `undefined` where the key had no meaning before. */
  readonly from: unknown;
  readonly to: unknown;
}

function flat(object: JsonObject, prefix = ''): [string, unknown][] {
  return Object.entries(object).flatMap(([name, value]): [string, unknown][] =>
    isObject(value) ? flat(value, `${prefix}${name}.`) : [[`${prefix}${name}`, value]],
  );
}

const pskOf = ({ backend }: NetworkConfig): string | undefined =>
  backend.kind === 'wireguard' ? backend.psk : undefined;

/** What is different, defaults filled in; `[]` when both mean the same. Secrets are not shown. */
export function configChanges(before: NetworkConfig, after: NetworkConfig): ConfigChange[] {
  const old = new Map(flat(configView(before)));
  const now = new Map(flat(configView(after)));
  const keys = [...new Set([...old.keys(), ...now.keys()])];
  const psk = 'Backend.PSK';
  const changed = keys
    .filter((key) => old.get(key) !== now.get(key) || (key === psk && pskOf(before) !== pskOf(after)))
    .map((key) => ({ key, from: old.get(key), to: now.get(key) }));
  return changed;
}

const COMMON_KEYS = [
  'EnableIPv4',
  'EnableIPv6',
  'EnableNFTables',
  'Network',
  'SubnetLen',
  'SubnetMin',
  'SubnetMax',
  'IPv6Network',
  'IPv6SubnetLen',
  'IPv6SubnetMin',
  'IPv6SubnetMax',
  'Backend',
  // Left over from flannel's several networks, and read by nobody.
  'Networks',
  'IPv6Networks',
];

const BACKEND_KEYS: Readonly<Record<NetworkConfig['backend']['kind'], readonly string[]>> = {
  vxlan: ['VNI', 'Port', 'GBP', 'Learning', 'DirectRouting', 'MTU'],
  wireguard: ['ListenPort', 'ListenPortV6', 'Mode', 'PSK', 'PersistentKeepaliveInterval', 'MTU'],
  ipip: ['DirectRouting'],
  'host-gw': [],
  alloc: [],
};

function unknownIn(object: JsonObject, known: readonly string[], prefix: string): string[] {
  const lower = new Set(known.map((name) => name.toLowerCase()));
  return Object.keys(object)
    .filter((name) => !lower.has(name.toLowerCase()))
    .map((name) => `${prefix}${name}`);
}

/** Keys of a valid configuration that flannel passes over: most of them are typing errors. */
export function unknownConfigKeys(text: string, { backend }: NetworkConfig): string[] {
  const object = parseSpelledKeys(text);
  if (!isObject(object)) return [];
  const inner = plainField(object, 'Backend');
  return [
    ...unknownIn(object, COMMON_KEYS, ''),
    ...(isObject(inner) ? unknownIn(inner, ['Type', ...BACKEND_KEYS[backend.kind]], 'Backend.') : []),
  ];
}
