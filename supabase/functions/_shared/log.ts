/** Logs: one JSON object a line, with the request it belongs to; phones masked and secrets left out, whoever logs. */
import { maskPhone, maskPhonesIn } from './phone.ts';

type Level = 'info' | 'warn' | 'error';
export type LogFields = Record<string, unknown>;

/** Writes events of one request. `event` is a stable word; everything that varies goes into the fields. */
export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/**
 * A log whose lines all carry `context` (the function's name and the request id).
 * @param write where a line goes; by default the output that the platform collects
 */
export function createLog(context: LogFields, write: (level: Level, line: string) => void = toConsole): Log {
  const at = (level: Level) => (event: string, fields: LogFields = {}) =>
    write(
      level,
      JSON.stringify(safe({ at: new Date().toISOString(), level, event, ...context, ...fields }))
    );
  return { info: at('info'), warn: at('warn'), error: at('error') };
}

/** An error as a log may hold it: names, codes and stack. Queries and their parameters stay out. */
export function describeError(error: unknown): LogFields {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code, status } = error as { code?: unknown; status?: unknown };
  return {
    name: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    ...(status === undefined ? {} : { status }),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
    stack: error.stack
  };
}

const secretField = /password|secret|token|authorization|apikey|access_key|body|one_time_code/i;
const phoneField = /phone|recipient|caller|^(source|destination|to|from)$/i;

/** The same data without secrets and full phone numbers. */
function safe(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return maskPhonesIn(value);
  if (value instanceof Error) return safe(describeError(value), depth);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value.toISOString();
  if (depth > 6) return '...';
  if (Array.isArray(value)) return value.map((item) => safe(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, content]) => [name, safeField(name, content, depth)])
  );
}

function safeField(name: string, content: unknown, depth: number): unknown {
  if (content === null || content === undefined) return content;
  if (secretField.test(name)) return '[left out]';
  if (phoneField.test(name) && (typeof content === 'string' || typeof content === 'number')) {
    return maskPhone(String(content));
  }
  return safe(content, depth + 1);
}

function toConsole(level: Level, line: string): void {
  if (level === 'info') console.log(line);
  else console.error(line);
}
