/** What `iptables --version` says. */
export interface IptablesVersion {
  /** Which tables of the kernel it speaks to. */
  readonly variant: 'nft' | 'legacy';
  /** `1.8.9`. */
  readonly version: string;
  /** `--random-fully` and a restore that waits for the lock: since 1.6.2. */
  readonly isRecent: boolean;
}

const VERSION = /v(\d+)\.(\d+)\.(\d+)(?: \((\w+)\))?/;

/** Reads `iptables v1.8.9 (nf_tables)`; before 1.8 there was only what is called legacy now. `undefined` for anything else. */
export function parseIptablesVersion(text: string): IptablesVersion | undefined {
  const match = VERSION.exec(text);
  if (match === null) return undefined;
  const [major = 0, minor = 0, patch = 0] = match.slice(1, 4).map(Number);
  return {
    variant: match[4] === 'nf_tables' ? 'nft' : 'legacy',
    version: `${major}.${minor}.${patch}`,
    isRecent: major * 1_000_000 + minor * 1_000 + patch >= 1_006_002,
  };
}
