import { randomInt } from 'node:crypto';

/** A made-up Indian mobile number, digits with country code; every call gives another one. */
export function aPhone(): string {
  return `91${randomInt(6, 10)}${String(randomInt(1_000_000_000)).padStart(9, '0')}`;
}

export interface RestAnswer {
  status: number;
  headers: Headers;
  /** The JSON of the answer; an empty object when it is none. */
  body: RestBody;
}

/** The fields of the REST API's answers that tests look at. */
export interface RestBody {
  id: string;
  errors: unknown[];
  items: { reference: string }[];
  links: unknown;
  totalCount: number;
  recipients: { items: unknown[] };
}

export interface RestClient {
  post(fields: object): Promise<RestAnswer>;
  get(path: string): Promise<RestAnswer>;
  send(
    method: string,
    path: string,
    body?: string | URLSearchParams,
    signal?: AbortSignal
  ): Promise<RestAnswer>;
}

/** A client of MessageBird's SMS API that hides nothing: every status is an answer. */
export function restClient(apiUrl: string, accessKey: string): RestClient {
  const send: RestClient['send'] = async (method, path, body, signal) => {
    const headers = {
      authorization: `AccessKey ${accessKey}`,
      ...(typeof body === 'string' && { 'content-type': 'application/json' })
    };
    const response = await fetch(`${apiUrl}${path}`, {
      method,
      headers,
      ...(body !== undefined && { body }),
      ...(signal && { signal })
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
    return {
      status: response.status,
      headers: response.headers,
      body: (isJson ? JSON.parse(text) : {}) as RestBody
    };
  };
  return {
    send,
    post: (fields) => send('POST', '/messages', JSON.stringify(fields)),
    get: (path) => send('GET', path)
  };
}
