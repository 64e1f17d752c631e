/** Who made a container, as far as its cgroup path or a state file tells. */
export type Runtime = 'docker' | 'containerd' | 'podman' | 'cri-o' | 'runc' | 'crun';

export interface Recognised {
  readonly kind: 'container';
  /** `undefined` when the path shows that this is a container but not whose. */
  readonly runtime: Runtime | undefined;
  readonly id: string;
}

/** `parent` may hold containers and is watched; `excluded` is neither a container nor holds one. */
export type Recognition = Recognised | { readonly kind: 'parent' } | { readonly kind: 'excluded' };

interface Rule {
  readonly runtime: Runtime | undefined;
  /** Matched against the last component; its group is the id. */
  readonly name: RegExp;
  readonly parents?: (ancestors: readonly string[]) => boolean;
}

const parentOf = (ancestors: readonly string[]): string => ancestors.at(-1) ?? '';
const underKubepods = (ancestors: readonly string[]): boolean => ancestors.some((name) => name.includes('kubepods'));

/** First match wins. Sources: runc and crun, moby, containerd CRI, cri-o, libpod; see README for the paths they make. */
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
  { runtime: 'docker', name: /:docker:([0-9a-f]{64}|[0-9a-z]{25})$/ },
  { runtime: 'docker', name: /^([0-9a-z]{25})$/, parents: (up) => parentOf(up) === 'buildkit' },
  { runtime: 'docker', name: /^([0-9a-f]{64})$/, parents: (up) => parentOf(up) === 'docker' },
  { runtime: 'containerd', name: /^([0-9a-f]{64})$/, parents: underKubepods },
  // With cgroupfs, a pod of podman has a directory of its own that looks like a container.
  { runtime: undefined, name: /^([0-9a-f]{64})$/, parents: (up) => parentOf(up) !== 'libpod_parent' },
  { runtime: 'crun', name: /^crun-(.+)\.scope$/ },
  { runtime: 'runc', name: /^runc-(.+)\.scope$/ },
];

/** Directories that are never a container and never hold one. */
const EXCLUDED: readonly RegExp[] = [
  /\.(?:mount|swap|socket|device|timer|automount|path|target)$/,
  /^init\.scope$/,
  /^(?:crio|libpod)-conmon-/,
  /^conmon$/,
  /^lxc\.monitor/,
  /^(?:supervisor|\.control|emulator|vcpu\d*)$/,
  /^session-[^/]*\.scope$/,
  /^run-[^/]*\.scope$/,
];

/** What the cgroup at a path (`/docker/<id>`, from the hierarchy's root) is, by its name alone. */
export function recognise(cgroupPath: string): Recognition {
  const components = cgroupPath.split('/').filter((part) => part !== '');
  const name = components.pop();
  if (name === undefined) return { kind: 'parent' };
  if (EXCLUDED.some((pattern) => pattern.test(name))) return { kind: 'excluded' };
  for (const rule of RULES) {
    const id = rule.name.exec(name)?.[1];
    if (id === undefined || rule.parents?.(components) === false) continue;
    return { kind: 'container', runtime: rule.runtime, id };
  }
  return { kind: 'parent' };
}
