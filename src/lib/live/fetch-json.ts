/** The session is over, or not enough: the page must go to where that can be mended. */
export class NotAllowed extends Error {
  override name = 'NotAllowed';
  /** 401: sign in; 403: choose a password. */
  readonly status: 401 | 403;
  constructor(status: 401 | 403) {
    super('The session does not allow this.');
    this.status = status;
  }
}

/** Asks our own server. Throws NotAllowed, or an error for anything else that is not the answer. */
export async function fetchJson(path: string): Promise<unknown> {
  const response = await fetch(path, { headers: { accept: 'application/json' }, cache: 'no-store' });
  if (response.status === 401 || response.status === 403) throw new NotAllowed(response.status);
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  return response.json();
}
