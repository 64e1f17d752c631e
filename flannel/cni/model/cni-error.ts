/** Error codes of the CNI specification, 1.1.0; 999 is what its own library says for anything else. */
export const CNI_CODES = {
  incompatibleVersion: 1,
  unknownContainer: 3,
  invalidEnvironment: 4,
  inputOutput: 5,
  decoding: 6,
  invalidConfig: 7,
  tryAgainLater: 11,
  notAvailable: 50,
  internal: 999,
} as const;

export type CniCode = (typeof CNI_CODES)[keyof typeof CNI_CODES];

/** What goes to the runtime as an error: one sentence and its code. */
export class CniError extends Error {
  override readonly name = 'CniError';
  readonly code: CniCode;

  constructor(code: CniCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** The JSON document that a plugin prints when it fails. */
export function renderCniError(error: CniError, cniVersion: string): string {
  return `${JSON.stringify({ cniVersion, code: error.code, msg: error.message }, undefined, 4)}\n`;
}
