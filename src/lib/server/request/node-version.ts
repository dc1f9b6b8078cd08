/** The oldest Node that the site runs on: the Supabase client wants a WebSocket, which Node has since. */
export const OLDEST_NODE = 22;

/**
 * @param version such as 24.21.0
 * @throws {Error} a sentence for whoever starts the server on an older one, where pages would fail one by one
 */
export function requireNode(version: string): void {
  if (Number(version.split('.')[0]) >= OLDEST_NODE) return;
  throw new Error(`The site needs Node ${OLDEST_NODE} or newer, and this is Node ${version}.`);
}
