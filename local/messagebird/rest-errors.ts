/** One entry of the `errors` array of MessageBird's REST API. */
export interface RestError {
  code: number;
  description: string;
  parameter: string | null;
}

export const accessKeyIsWrong: RestError = {
  code: 2,
  description: 'Request not allowed (incorrect access_key)',
  parameter: 'access_key'
};
export const noRecipients: RestError = {
  code: 9,
  description: 'no (correct) recipients found',
  parameter: 'recipients'
};
export const notEnoughBalance: RestError = { code: 25, description: 'not enough balance', parameter: null };
export const messageNotFound: RestError = { code: 20, description: 'message not found', parameter: null };
export const apiNotFound: RestError = { code: 98, description: 'API not found', parameter: null };

export function missing(parameter: string): RestError {
  return { code: 9, description: `${parameter} is required`, parameter };
}

export function invalid(parameter: string, why = 'is invalid'): RestError {
  return { code: 10, description: `${parameter} ${why}`, parameter };
}

/** The answer MessageBird gives for errors: all of them at once. */
export function errorAnswer(status: number, ...errors: RestError[]): Response {
  return Response.json({ errors }, { status });
}
