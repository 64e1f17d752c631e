import { CNI_CODES, CniError } from './cni-error.ts';
import type { CniCommand } from './request.ts';

/** Oldest first. */
export const SUPPORTED_VERSIONS = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;

/** For answers to a configuration that says no version that we know. */
export const NEWEST_VERSION = '1.1.0';

const SINCE: Partial<Readonly<Record<CniCommand, string>>> = { CHECK: '0.4.0', GC: '1.1.0', STATUS: '1.1.0' };

const rank = (version: string): number => SUPPORTED_VERSIONS.findIndex((each) => each === version);

/** The specification's version must be known and must have the command. @throws {CniError} code 1 */
export function checkVersion(command: CniCommand, cniVersion: string): void {
  if (rank(cniVersion) < 0) {
    throw new CniError(
      CNI_CODES.incompatibleVersion,
      `cniVersion "${cniVersion}" is not supported: expected one of ${SUPPORTED_VERSIONS.join(', ')}`,
    );
  }
  const since = SINCE[command];
  if (since !== undefined && rank(cniVersion) < rank(since)) {
    throw new CniError(
      CNI_CODES.incompatibleVersion,
      `cniVersion "${cniVersion}" has no ${command}: expected ${since} or newer`,
    );
  }
}

/** The version to answer in: the configuration's own if it can be made out and is known. */
export function answerVersion(configText: string): string {
  try {
    const parsed: unknown = JSON.parse(configText);
    if (typeof parsed === 'object' && parsed !== null && 'cniVersion' in parsed) {
      const { cniVersion } = parsed;
      if (typeof cniVersion === 'string' && rank(cniVersion) >= 0) return cniVersion;
    }
  } catch {
    // VERSION must answer whatever it is sent
  }
  return NEWEST_VERSION;
}

/** The answer to VERSION. */
export function renderVersions(configText: string): string {
  return `${JSON.stringify({ cniVersion: answerVersion(configText), supportedVersions: SUPPORTED_VERSIONS })}\n`;
}
