/**
 * Runs tasks that each end only by their signal. The first that fails stops the others; all have ended when this throws.
 * @throws what the first failing task threw.
 */
export async function together(
  tasks: readonly ((signal: AbortSignal) => Promise<never>)[],
  signal: AbortSignal,
): Promise<never> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  let first: { readonly reason: unknown } | undefined;
  await Promise.all(
    tasks.map(async (task) => {
      try {
        await task(either);
      } catch (reason) {
        first ??= { reason };
        stop.abort(reason);
      }
    }),
  );
  throw first?.reason;
}
