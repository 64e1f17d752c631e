/** Who made a container, as far as its cgroup path or a state file tells. */
export type Runtime =
  | 'docker'
  | 'containerd'
  | 'podman'
  | 'cri-o'
  | 'runc'
  | 'crun'
  | 'lxc'
  | 'nspawn'
  | 'libvirt'
  | 'nomad'
  | 'mesos'
  | 'systemd';

/**
 * What it is: `sandbox` only holds the namespaces of a pod, `build` is a step of an image build, `machine` runs an init of
 * its own (LXC, nspawn), `vm` is the process of a virtual machine, `service` a unit of systemd.
 */
export type ContainerKind = 'container' | 'sandbox' | 'build' | 'machine' | 'vm' | 'service';

export interface Recognised {
  readonly role: 'container';
  readonly kind: ContainerKind;
  /** `undefined` when the path shows that this is a container but not whose. */
  readonly runtime: Runtime | undefined;
  /** Another runtime names its cgroups in the same way: files know better. */
  readonly guessed: boolean;
  readonly id: string;
  /** For runtimes that name a cgroup after its container, not after an id. */
  readonly name: string | undefined;
  /** What the path tells of where it belongs; see model/tags.ts. */
  readonly tags: Readonly<Record<string, string>>;
}

/** `parent` may hold containers and is watched; `excluded` is neither a container nor holds one. */
export type Recognition = Recognised | { readonly role: 'parent' } | { readonly role: 'excluded' };

/** Which units of systemd are shown as containers of the kind `service`. */
export const SERVICE_CHOICES = ['off', 'system', 'all'] as const;
export type ServiceChoice = (typeof SERVICE_CHOICES)[number];

export interface RecogniseContext {
  /** The directory lies in a container, so its units and scopes are the business of the init there. */
  readonly inside?: boolean;
  readonly services?: ServiceChoice;
}

type Match = Omit<Partial<Recognised>, 'role'>;

interface Rule {
  readonly runtime: Runtime | undefined;
  readonly kind?: ContainerKind;
  /** Matched against the last component; its first group is the id. */
  readonly name: RegExp;
  readonly parents?: (ancestors: readonly string[]) => boolean;
  readonly guessed?: true;
  readonly more?: (match: RegExpExecArray) => Match;
}

const parentOf = (ancestors: readonly string[]): string => ancestors.at(-1) ?? '';
const under =
  (...names: readonly string[]) =>
  (ancestors: readonly string[]): boolean =>
    names.includes(parentOf(ancestors));
const below =
  (word: string) =>
  (ancestors: readonly string[]): boolean =>
    ancestors.some((name) => name.includes(word));

/** systemd writes a character that its unit names cannot hold as `\xNN`. */
export function unescapeUnit(text: string): string {
  return text.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

const named = (match: RegExpExecArray): Match => ({ name: unescapeUnit(match[1] ?? '') });

/** machined's scopes: libvirt puts `qemu-<n>-` or `lxc-<n>-` before the name, nspawn nothing. */
function machine(match: RegExpExecArray): Match {
  const text = unescapeUnit(match[1] ?? '');
  const [, driver, name] = /^(qemu|lxc)-\d+-(.+)$/.exec(text) ?? [];
  if (driver === undefined) return { id: text, name: text };
  return { runtime: 'libvirt', kind: driver === 'qemu' ? 'vm' : 'machine', id: text, name };
}

const ALLOCATION = '[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}';
const nomadTask = ([, id = '', alloc = '', task = '']: RegExpExecArray): Match => ({
  id,
  name: task,
  tags: { nomad_alloc: alloc, nomad_task: task },
});

/** First match wins. Sources: the runtimes' own code and documents; see README for the paths they make. */
const RULES: readonly Rule[] = [
  { runtime: 'docker', name: /^docker-([0-9a-f]{64})\.scope$/ },
  { runtime: 'containerd', name: /^cri-containerd-([0-9a-f]{64})\.scope$/ },
  { runtime: 'containerd', name: /^nerdctl-([0-9a-f]{64})\.scope$/ },
  { runtime: 'cri-o', name: /^crio-([0-9a-f]{64})\.scope$/ },
  // Under a slice, a crio directory without `.scope` is the sandbox's infra cgroup.
  { runtime: 'cri-o', name: /^crio-([0-9a-f]{64})$/, parents: (up) => !parentOf(up).endsWith('.slice') },
  { runtime: 'podman', name: /^libpod-(?:payload-)?([0-9a-f]{64})(?:\.scope)?$/ },
  // The kubelet uses systemd and the runtime does not: one directory name with literal colons.
  { runtime: 'containerd', name: /:cri-containerd:([0-9a-f]{64})$/ },
  { runtime: 'cri-o', name: /:crio:([0-9a-f]{64})$/ },
  { runtime: 'docker', name: /:docker:([0-9a-f]{64})$/ },
  { runtime: 'docker', kind: 'build', name: /:docker:([0-9a-z]{25})$/ },
  { runtime: 'docker', kind: 'build', name: /^([0-9a-z]{25})$/, parents: under('buildkit') },
  { runtime: 'docker', name: /^([0-9a-f]{64})$/, parents: under('docker') },
  { runtime: 'docker', name: /^([0-9a-f]{64})$/, parents: (up) => up[0] === 'ecs' },
  // cri-dockerd makes the same directories.
  { runtime: 'containerd', name: /^([0-9a-f]{64})$/, parents: below('kubepods'), guessed: true },
  // With cgroupfs, a pod of podman has a directory of its own that looks like a container.
  { runtime: undefined, name: /^([0-9a-f]{64})$/, parents: (up) => parentOf(up) !== 'libpod_parent' },
  { runtime: 'crun', name: /^crun-(.+)\.scope$/ },
  { runtime: 'runc', name: /^runc-(.+)\.scope$/ },
  {
    runtime: 'nomad',
    name: new RegExp(`^((${ALLOCATION})\\.(.+?))(?:\\.scope)?$`),
    parents: below('nomad'),
    more: nomadTask,
  },
  { runtime: 'mesos', name: /^([\w.-]+)$/, parents: under('mesos') },
  { runtime: 'lxc', kind: 'machine', name: /^lxc\.payload\.(.+)$/, more: named },
  { runtime: 'lxc', kind: 'machine', name: /^(.+)$/, parents: under('lxc', 'lxc.payload'), more: named },
  { runtime: 'nspawn', kind: 'machine', name: /^systemd-nspawn@(.+)\.service$/, more: machine },
  { runtime: 'nspawn', kind: 'machine', name: /^machine-(.+)\.scope$/, more: machine },
  { runtime: 'libvirt', kind: 'vm', name: /^(.+)\.libvirt-qemu$/, parents: under('machine'), more: named },
  { runtime: 'libvirt', kind: 'machine', name: /^(.+)\.libvirt-lxc$/, parents: under('machine'), more: named },
  { runtime: 'libvirt', kind: 'vm', name: /^(\d+)\.scope$/, parents: under('qemu.slice') },
];

/** Directories that are never a container and never hold one. */
const EXCLUDED: readonly RegExp[] = [
  /\.(?:mount|swap|socket|device|timer|automount|path|target)$/,
  /^init\.scope$/,
  /^(?:crio|libpod)-conmon-/,
  /^conmon$/,
  /^lxc\.(?:monitor|pivot)/,
  /^(?:supervisor|\.control|emulator|vcpu\d*)$/,
  /^session-[^/]*\.scope$/,
  /^run-[^/]*\.scope$/,
];

const POD_UID = /pod([0-9a-f]{8}[-_](?:[0-9a-f]{4}[-_]){3}[0-9a-f]{12}|[0-9a-f]{32})(?=[./:]|$)/g;

/** The uid of the pod that a path lies in; systemd's names have `_` for `-`. */
export function podUidOf(cgroupPath: string): string | undefined {
  return [...cgroupPath.matchAll(POD_UID)].at(-1)?.[1]?.replaceAll('_', '-');
}

/** The user below whose slice a path lies: the container is that user's, and so are the files that tell of it. */
export function userOf(cgroupPath: string): number | undefined {
  const text = /^\/user\.slice\/user-(\d{1,10})\.slice\//.exec(cgroupPath)?.[1];
  return text === undefined ? undefined : Number(text);
}

/** The user whose run folder a path lies in: what is there is that user's word. */
export function userOfRunFolder(path: string): number | undefined {
  const text = /\/run\/user\/(\d{1,10})\//.exec(path)?.[1];
  return text === undefined ? undefined : Number(text);
}

/** A container that only the state file of its runtime tells of. */
export function recognisedByState(state: { readonly runtime: Runtime; readonly id: string }): Recognised {
  const { runtime, id } = state;
  return { role: 'container', kind: 'container', runtime, guessed: false, id, name: undefined, tags: {} };
}

function asContainer(rule: Rule, match: RegExpExecArray, cgroupPath: string): Recognised {
  const { runtime, kind = 'container', guessed = false } = rule;
  const uid = podUidOf(cgroupPath);
  const more = rule.more?.(match) ?? {};
  const tags = { ...(uid === undefined ? {} : { kube_pod_uid: uid }), ...more.tags };
  return { role: 'container', kind, runtime, guessed, id: match[1] ?? '', name: undefined, ...more, tags };
}

function recogniseService(name: string, cgroupPath: string, { inside, services }: RecogniseContext): Recognition {
  if (inside === true) return { role: 'excluded' };
  const wanted = services === 'all' || (services === 'system' && userOf(cgroupPath) === undefined);
  // The manager of a user's units is a directory of units, not one.
  if (!wanted || /^user@\d+\.service$/.test(name)) return { role: 'parent' };
  const [runtime, kind] = ['systemd', 'service'] as const;
  return { role: 'container', kind, runtime, guessed: false, id: name, name: unescapeUnit(name), tags: {} };
}

/** What the cgroup at a path (`/docker/<id>`, from the hierarchy's root) is, by its name alone. */
export function recognise(cgroupPath: string, context: RecogniseContext = {}): Recognition {
  const components = cgroupPath.split('/').filter((part) => part !== '');
  const name = components.pop();
  if (name === undefined) return { role: 'parent' };
  if (EXCLUDED.some((pattern) => pattern.test(name))) return { role: 'excluded' };
  // WSL repeats a container's path below it.
  if (name.length === 64 && components.includes(name)) return { role: 'excluded' };
  for (const rule of RULES) {
    const match = rule.name.exec(name);
    if (match === null || rule.parents?.(components) === false) continue;
    return asContainer(rule, match, cgroupPath);
  }
  return name.endsWith('.service') ? recogniseService(name, cgroupPath, context) : { role: 'parent' };
}
