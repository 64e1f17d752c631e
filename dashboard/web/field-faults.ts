/** One fault of what was sent: the place of the value, and one sentence. */
export interface FieldFault {
  /** `levels.0.threshold`; empty for what is about all of it. */
  readonly path: string;
  readonly message: string;
}

/** Faults by the place of the value that they are about. */
export interface FieldFaults {
  /** What is wrong with a value or with something in it; the first thing, if there are several. */
  at(path: string): string | undefined;
}

export const NO_FAULTS: FieldFaults = { at: () => undefined };

/** Faults of an answer, for the fields of the form that was sent. */
export function fieldFaults(faults: readonly FieldFault[]): FieldFaults {
  return { at: (path) => faults.find((fault) => fault.path === path || fault.path.startsWith(`${path}.`))?.message };
}
