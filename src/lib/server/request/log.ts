/**
 * One JSON object a line. Messages of foreign errors are left out: a database quotes the values it refuses,
 * and those are people's names and numbers. The place in the code is what helps.
 */
export function logFailure(
  what: string,
  where: Record<string, string | number | null>,
  cause: unknown
): void {
  console.error(JSON.stringify({ level: 'error', what, ...where, ...describe(cause) }));
}

function describe(cause: unknown): Record<string, unknown> {
  if (typeof cause !== 'object' || cause === null) return { error: typeof cause };
  const { name, code, status } = cause as Record<string, unknown>;
  const stack = cause instanceof Error ? cause.stack : undefined;
  return {
    error: typeof name === 'string' ? name : 'Error',
    code: typeof code === 'string' || typeof code === 'number' ? code : undefined,
    status: typeof status === 'number' ? status : undefined,
    at: stack
      ?.split('\n')
      .filter((line) => /^\s+at /.test(line))
      .slice(0, 6)
      .map((line) => line.trim())
  };
}
