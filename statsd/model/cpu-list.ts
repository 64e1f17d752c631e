/** How many CPUs a list such as `0-3,8` names; NaN for an empty one, or one that is no list. */
export function parseCpuList(text: string): number {
  const parts = text.trim().split(',');
  let count = 0;
  for (const part of parts) {
    const match = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(part);
    if (match === null) return Number.NaN;
    const first = Number(match[1]);
    count += Math.max(0, Number(match[2] ?? first) - first + 1);
  }
  return count;
}
