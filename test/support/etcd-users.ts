export interface EtcdUser {
  readonly name: string;
  readonly password: string;
}

/** A permission of etcd's. */
export interface Grant {
  readonly permission: 'read' | 'readwrite';
  readonly key: string;
  /** `prefix`: all keys that start with it. */
  readonly covers: 'key' | 'prefix';
}

/** The least that an overlay agent's user must be allowed to do; flannel/README.md names the same. */
export const GRANTS = [
  { permission: 'read', key: '/coreos.com/network/config', covers: 'key' },
  { permission: 'readwrite', key: '/coreos.com/network/subnets', covers: 'prefix' },
  { permission: 'readwrite', key: '/weft/agents/', covers: 'prefix' },
  { permission: 'read', key: '/weft/reservations/', covers: 'prefix' },
] as const satisfies readonly Grant[];

/** The words of etcdctl that give it to the role. */
export const grantWords = ({ permission, key, covers }: Grant): string[] => [
  ...['role', 'grant-permission', USER.name],
  ...(covers === 'prefix' ? ['--prefix=true'] : []),
  ...[permission, key],
];

/** The words of etcdctl that take it away. */
export const revokeWords = ({ key, covers }: Grant): string[] => [
  ...['role', 'revoke-permission', USER.name],
  ...(covers === 'prefix' ? ['--prefix=true'] : []),
  key,
];

/** May do everything. */
export const ROOT: EtcdUser = { name: 'root', password: 'root-test-secret' };
/** Has the least rights. */
export const USER: EtcdUser = { name: 'weft', password: 'weft-test-secret' };
