/** Which network namespace a socket is opened in. */
export type Netns =
  | { readonly kind: 'current' }
  /** As `ip netns` knows it: a file in /run/netns. */
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'pid'; readonly pid: number }
  | { readonly kind: 'path'; readonly path: string };

/** The file that stands for the namespace; `undefined` for the caller's own. @throws {RangeError} for a name with a slash, or no pid. */
export function netnsPath(netns: Netns = { kind: 'current' }): string | undefined {
  switch (netns.kind) {
    case 'current':
      return undefined;
    case 'name':
      if (!/^[^/\0]+$/.test(netns.name) || netns.name === '.' || netns.name === '..') {
        throw new RangeError(`"${netns.name}" is not a namespace name: expected a file name in /run/netns`);
      }
      return `/run/netns/${netns.name}`;
    case 'pid':
      if (!Number.isInteger(netns.pid) || netns.pid < 1) throw new RangeError(`${netns.pid} is not a process id`);
      return `/proc/${netns.pid}/ns/net`;
    case 'path':
      return netns.path;
  }
}

/** For messages to people. */
export function netnsText(netns: Netns = { kind: 'current' }): string {
  switch (netns.kind) {
    case 'current':
      return 'this network namespace';
    case 'name':
      return `network namespace ${netns.name}`;
    case 'pid':
      return `the network namespace of process ${netns.pid}`;
    case 'path':
      return netns.path;
  }
}
