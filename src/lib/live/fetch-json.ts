import { ANSWERS_BY_MS } from './fetching.ts';

/** The session has ended, or its password is a texted one. The page must lead to where that can be put right. */
export class NotAllowed extends Error {
  override name = 'NotAllowed';
  /** 401: sign in; 403: choose a password. */
  readonly status: 401 | 403;
  constructor(status: 401 | 403) {
    super('The session does not allow this.');
    this.status = status;
  }
}

/** Fetches from our own server. Throws NotAllowed, or another error if there is no answer in time or it is an error. */
export async function fetchJson(path: string): Promise<unknown> {
  const response = await fetch(path, {
    headers: { accept: 'application/json' },
    cache: 'no-store',
    signal: AbortSignal.timeout(ANSWERS_BY_MS)
  });
  if (response.status === 401 || response.status === 403) throw new NotAllowed(response.status);
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  return response.json();
}
