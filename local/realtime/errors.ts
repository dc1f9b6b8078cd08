/** Words by which clients and people recognise a refusal; they are those of the hosted service. */
export type RealtimeErrorCode =
  | 'TopicNameRequired'
  | 'Unauthorized'
  | 'InvalidJWTToken'
  | 'MalformedJWT'
  | 'JwtSignatureError'
  | 'ChannelRateLimitReached'
  | 'ConnectionRateLimitReached'
  | 'MissingPartition'
  | 'UnableToConnectToProject'
  | 'RealtimeDisabledForConfiguration'
  | 'UnknownErrorOnChannel';

/** Why a channel is not joined, or is closed. `reason` is what a refused join says, `message` what a closed channel says. */
export class RealtimeError extends Error {
  override name = 'RealtimeError';
  readonly code: RealtimeErrorCode;

  constructor(code: RealtimeErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }

  get reason(): string {
    return `${this.code}: ${this.message}`;
  }
}

/** Any error as a refusal; those we did not foresee keep their details to themselves. */
export function asRealtimeError(error: unknown): RealtimeError {
  return error instanceof RealtimeError
    ? error
    : new RealtimeError('UnknownErrorOnChannel', 'Unknown Error on Channel', error);
}
