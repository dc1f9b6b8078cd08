/**
 * Logs: one JSON object a line, for functions and site alike: `{at, level, event, request_id, ...}`. Phones are masked
 * and secrets left out, whoever logs. docs/logs.md describes the lines.
 */
import { maskPhone, maskPhonesIn } from './phone.ts';

type Level = 'info' | 'warn' | 'error';

/** What every line begins with. */
interface LineStart {
  /** The instant, in ISO 8601, UTC. */
  at: string;
  level: Level;
  /** What happened: a stable word in snake_case. */
  event: string;
}

/** What every line of one request has after that. */
export interface LogContext {
  /** The function's name. */
  function: string;
  /** The same in the answer (`x-request-id`) and in the log of the site, if that sent the request. */
  request_id: string;
}

/** What a line adds: everything that varies. */
export type LogFields = Record<string, unknown> & { [Name in keyof (LineStart & LogContext)]?: never };

/** Writes events of one request. */
export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

/** @param write where a line goes; by default the output that the platform collects */
export function createLog(context: LogContext, write: (level: Level, line: string) => void = toConsole): Log {
  const at = (level: Level) => (event: string, fields: LogFields = {}) => {
    const start: LineStart = { at: new Date().toISOString(), level, event };
    write(level, JSON.stringify(safe({ ...start, ...context, ...fields })));
  };
  return { info: at('info'), warn: at('warn'), error: at('error') };
}

/** An error as a log may hold it: names, codes and stack. Queries and their parameters stay out. */
export function describeError(error: unknown): Record<string, unknown> {
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
