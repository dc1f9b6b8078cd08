/**
 * Writes that something failed: one JSON object a line, `{at, level, event, request_id, ...}`, as the functions write it.
 * @param event a stable word, such as `session_unknown`; what varies goes into `fields`
 * @param cause what failed. Messages of foreign errors are left out: a database quotes the values it refuses, and those
 *   are people's names and numbers. The place in the code is what helps.
 */
export function logFailure(
  event: string,
  requestId: string,
  cause: unknown,
  fields: Record<string, string | null> = {}
): void {
  const line = { at: new Date().toISOString(), level: 'error', event, request_id: requestId, ...fields };
  console.error(JSON.stringify({ ...line, error: describeError(cause) }));
}

function describeError(cause: unknown): Record<string, unknown> {
  if (typeof cause !== 'object' || cause === null) return { name: typeof cause };
  const { name, code, status } = cause as Record<string, unknown>;
  const stack = cause instanceof Error ? cause.stack : undefined;
  return {
    name: typeof name === 'string' ? name : 'Error',
    code: typeof code === 'string' || typeof code === 'number' ? code : undefined,
    status: typeof status === 'number' ? status : undefined,
    // Without its first lines, which are the message.
    stack: stack
      ?.split('\n')
      .filter((line) => /^\s+at /.test(line))
      .slice(0, 6)
      .map((line) => line.trim())
      .join('\n')
  };
}
