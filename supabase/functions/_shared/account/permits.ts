/** Leave to change an account. Without it the database refuses what Auth writes, whoever asked for it. */
import type { Database } from '../database.ts';

/** Another password, or another phone (+E.164). */
export type Change = { what: 'password' } | { what: 'phone'; phone: string };

/**
 * Does `work`, which has Auth make one change of an account. Call it for nobody but an owner who has just given the
 * password or a code. Whatever comes of it, nobody can use the permit afterwards.
 */
export async function permitted<Result>(
  database: Database,
  userId: string,
  change: Change,
  work: () => Promise<Result>
): Promise<Result> {
  const phone = change.what === 'phone' ? change.phone : null;
  await database`select private.permit_change(${userId}, ${change.what}, ${phone})`;
  try {
    return await work();
  } finally {
    await database`select private.withdraw_permit(${userId}, ${change.what})`;
  }
}
