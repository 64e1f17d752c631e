import type { RE2JS } from 're2js';

/** Of all expressions of one question together: each character of a name takes time in proportion to it. */
const MAX_PROGRAM = 300;
/** What stands for itself. */
const PLAIN = /^[\w/@:, -]*$/;

type Fits = (name: string) => boolean;

function compiled(engine: typeof RE2JS, expression: string): RE2JS | undefined {
  try {
    return engine.compile(expression);
  } catch {
    return undefined;
  }
}

/**
 * How docker's filter `name` reads expressions: as Go does, each found anywhere in a name, in time that is in proportion to the name:
 * those of a client must not hold everybody up. What is no such expression, or too large a one, fits the name that is spelled
 * so. The engine is loaded when the first such question comes: 7 MiB that others do not need.
 */
export async function namePattern(expressions: readonly string[]): Promise<Fits> {
  const engine = expressions.every((expression) => PLAIN.test(expression)) ? undefined : (await import('re2js')).RE2JS;
  let room = MAX_PROGRAM;
  const tests = expressions.map((expression): Fits => {
    if (PLAIN.test(expression)) return (name) => name.includes(expression);
    const pattern = engine === undefined || room <= 0 ? undefined : compiled(engine, expression);
    room -= pattern?.programSize() ?? 0;
    if (pattern === undefined || room < 0) return (name) => name === expression;
    return (name) => pattern.test(name);
  });
  return (name) => tests.some((fits) => fits(name));
}
