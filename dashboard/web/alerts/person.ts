const STORAGE_KEY = 'weft-person';

/** Who acknowledges and silences, as they last said in this browser. */
export function person(): string {
  try {
    return localStorage.getItem(STORAGE_KEY) ?? '';
  } catch {
    return '';
  }
}

export function rememberPerson(name: string): void {
  try {
    localStorage.setItem(STORAGE_KEY, name);
  } catch {
    // Storage may be forbidden; then they say it again.
  }
}
