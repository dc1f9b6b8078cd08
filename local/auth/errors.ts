import { randomUUID } from 'node:crypto';
import postgres from 'postgres';

const versionHeader = 'X-Supabase-Api-Version';
const firstVersionWithCodes = '2024-01-01';

/** Anything Auth answers with other than success. The message is shown to the client. */
export class AuthError extends Error {
  override name = 'AuthError';
  status: number;
  code: string;
  /** Why a password is weak, for `weak_password` only. */
  reasons: string[] | undefined;

  constructor(
    status: number,
    code: string,
    message: string,
    options: { cause?: unknown; reasons?: string[] } = {}
  ) {
    super(message, { cause: options.cause });
    this.status = status;
    this.code = code;
    this.reasons = options.reasons;
  }
}

export const badRequest = (code: string, message: string) => new AuthError(400, code, message);
export const forbidden = (code: string, message: string) => new AuthError(403, code, message);
export const notFound = (code: string, message: string) => new AuthError(404, code, message);
export const unprocessable = (code: string, message: string) => new AuthError(422, code, message);
export const unexpected = (message: string, cause: unknown) =>
  new AuthError(500, 'unexpected_failure', message, { cause });

/** The database error behind `error`, if there is one. */
export function databaseError(error: unknown): postgres.PostgresError | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof postgres.PostgresError) return current;
  }
  return undefined;
}

/** Turns whatever was thrown into what the client may know of it. */
export function toAuthError(error: unknown): AuthError {
  // 57014: the statement ran into the time limit of a request.
  if (databaseError(error)?.code === '57014') {
    const message = 'Processing this request timed out, please retry after a moment.';
    return new AuthError(504, 'request_timeout', message, { cause: error });
  }
  if (error instanceof AuthError) return error;
  return unexpected('Unexpected failure, please check server logs for more information', error);
}

/** The version the client asked for: the one whose errors carry `code` and `message`, or the first. */
function speaksCodes(request: Request): boolean {
  const version = request.headers.get(versionHeader) ?? '';
  return /^\d{4}-\d\d-\d\d$/.test(version) && version >= firstVersionWithCodes;
}

const integrityViolations = new Set(['P0001', '23000', '23001', '23502', '23503', '23505', '23514', '23P01']);

/**
 * What callers of the first version learn when the database refused: the text a trigger raised, with its own status
 * for `PTxxx`. Callers of later versions learn nothing of it.
 */
function legacyDatabaseError(error: AuthError): Response | undefined {
  const cause = databaseError(error.cause);
  if (!cause) return undefined;
  const status = /^PT\d{3}$/.test(cause.code) ? Number(cause.code.slice(2)) : 500;
  if (status === 500 && !integrityViolations.has(cause.code)) return undefined;
  const { code, message, hint, detail } = cause;
  return Response.json({ code, message, hint, detail }, { status });
}

/** The response for `error` in the version of the API that `request` asks for, and the id it is logged under. */
export function errorResponse(error: AuthError, request: Request): { response: Response; errorId: string } {
  const errorId = request.headers.get('x-request-id') ?? randomUUID();
  const weakPassword = error.reasons && { weak_password: { reasons: error.reasons } };
  const headers = { 'x-sb-error-code': error.code };
  if (speaksCodes(request)) {
    const body = { code: error.code, message: error.message, ...weakPassword };
    return {
      response: Response.json(body, {
        status: error.status,
        headers: { ...headers, [versionHeader]: firstVersionWithCodes }
      }),
      errorId
    };
  }
  const body = {
    code: error.status,
    error_code: error.code,
    msg: error.message,
    ...(error.status >= 500 && { error_id: errorId }),
    ...weakPassword
  };
  const response = legacyDatabaseError(error) ?? Response.json(body, { status: error.status, headers });
  return { response, errorId };
}
