import { database } from '../_shared/database.ts';

/** The floor of a step of a call: one round trip to the database, and nothing else. */
export async function handle(): Promise<Response> {
  const [row] = await database()`select 1 as one`;
  return Response.json(row);
}
