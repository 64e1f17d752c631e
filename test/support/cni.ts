import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { inNamespace } from '../../cli/demo/namespaces.ts';
import { packageRoot } from '../../native/host/package-root.ts';

/** Where Debian's containernetworking-plugins are. */
const DEBIAN_PLUGINS = '/usr/lib/cni';

export interface CniCall {
  readonly command: string;
  /** Network namespace of the host that the plugin runs on. */
  readonly host: string;
  readonly containerId?: string;
  /** `/run/netns/x`, `/proc/7/ns/net`. */
  readonly netns?: string;
  readonly ifname?: string;
  readonly conf: object | string;
  /** For `CNI_PATH`, before Debian's plugins. */
  readonly folders?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface CniAnswer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as JSON; `undefined` when it is empty. */
  json(): unknown;
}

/** A folder of plugins with weft's in the place of flannel's: a link named `flannel`. */
export function pluginFolder(parent: string): string {
  const folder = join(parent, 'cni-bin');
  mkdirSync(folder, { recursive: true });
  symlinkSync(join(packageRoot(), 'cli/weft-cni'), join(folder, 'flannel'));
  return folder;
}

/** The environment of a call, as a runtime makes it. */
export function cniEnvironment(call: Omit<CniCall, 'conf' | 'host'>): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    CNI_COMMAND: call.command,
    CNI_PATH: [...(call.folders ?? []), DEBIAN_PLUGINS].join(':'),
    ...(call.containerId === undefined ? {} : { CNI_CONTAINERID: call.containerId, CNI_IFNAME: call.ifname ?? 'eth0' }),
    ...(call.netns === undefined ? {} : { CNI_NETNS: call.netns }),
    ...call.env,
  };
}

/** Calls the plugin `flannel` of the first folder as a runtime does. */
export function callCni(call: CniCall & { readonly folders: readonly string[] }): CniAnswer {
  const [file = '', ...rest] = inNamespace(call.host, [join(call.folders[0] ?? '', 'flannel')]);
  const { status, stdout, stderr } = spawnSync(file, rest, {
    encoding: 'utf8',
    env: cniEnvironment(call),
    input: typeof call.conf === 'string' ? call.conf : JSON.stringify(call.conf),
    timeout: 30_000,
  });
  return { status, stdout, stderr, json: () => (stdout === '' ? undefined : (JSON.parse(stdout) as unknown)) };
}
