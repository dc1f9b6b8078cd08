/** Which device a request comes from, as far as that can be told. */
import type { Database } from '../database.ts';
import type { Dependencies } from './endpoint.ts';
import type { Use } from './limits.ts';
import { clientHash } from './security-events.ts';
import { hmac } from '../secrets.ts';

/**
 * What a device is known by: the site tells its visitor's cookie in `x-device`. It is random, so whoever has it has it
 * from that device. Without it, the network and what the client says of itself.
 * @param client the network (clientAddress)
 */
export function deviceOf({ headers }: Request, client: string): string {
  const told = headers.get('x-device');
  if (told && /^[\w-]{32,64}$/.test(told)) return `told ${told}`;
  return `seen ${client} ${headers.get('user-agent') ?? ''}`;
}

/** What is kept of a device. */
export function deviceHash(secret: string, device: string): Promise<Uint8Array> {
  return hmac(secret, `device:${device}`);
}

/** From now on the device has limits of its own at this account, and its owner is not told when it signs in. */
export async function knowDevice(database: Database, userId: string, device: Uint8Array): Promise<void> {
  await database`select private.know_device(${userId}, ${device})`;
}

/**
 * Somebody has signed in: the device is known, the owner told if it was not, though others were.
 * @param use what they needed for it, which was right and does not count
 */
export async function noteSignIn(
  { database, secret, client, device }: Pick<Dependencies, 'database' | 'secret' | 'client' | 'device'>,
  userId: string,
  { what, subjects }: Use
): Promise<void> {
  await database`
    select private.note_sign_in(
      ${userId}, ${await deviceHash(secret, device)}, ${await clientHash(secret, client)}, ${what},
      ${database.json(subjects)}
    )`;
}
