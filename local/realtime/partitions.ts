import type postgres from 'postgres';

const dayMs = 24 * 60 * 60 * 1000;
const prefix = 'messages_';

/** One day of realtime.messages, from midnight to midnight UTC. */
export interface Partition {
  table: string;
  from: string;
  to: string;
}

function isoDate(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** The partitions that must exist at `now`: from yesterday to three days ahead. */
export function partitionsAt(now: Date): Partition[] {
  return [-1, 0, 1, 2, 3].map((offset) => {
    const time = now.getTime() + offset * dayMs;
    const from = isoDate(time);
    return { table: `${prefix}${from.replaceAll('-', '_')}`, from, to: isoDate(time + dayMs) };
  });
}

/** Whether a partition holds nothing but messages older than 72 hours at `now`. */
export function isOutdated(table: string, now: Date): boolean {
  const day = /^messages_(\d{4})_(\d\d)_(\d\d)$/.exec(table);
  return day !== null && `${day[1]}-${day[2]}-${day[3]}` < isoDate(now.getTime() - 3 * dayMs);
}

/**
 * Creates the partitions that are missing and drops those that are outdated. May run at any time, also twice at once.
 * `sql` is logged in as a superuser.
 */
export async function maintainPartitions(sql: postgres.Sql, now = new Date()): Promise<void> {
  await sql.begin(async (tx) => {
    // A second service on the same database would otherwise create the same table at the same time.
    await tx`select pg_advisory_xact_lock(hashtext('realtime.messages partitions'))`;
    const existing = await tx<{ table: string }[]>`
      select child.relname as table
      from pg_inherits
      join pg_class child on child.oid = inhrelid
      where inhparent = 'realtime.messages'::regclass`;
    const tables = new Set(existing.map(({ table }) => table));
    for (const { table, from, to } of partitionsAt(now)) {
      if (tables.has(table)) continue;
      await tx.unsafe(
        `create table realtime.${table} partition of realtime.messages for values from ('${from}') to ('${to}')`
      );
      // As that of the whole table: what is made on it is made on each partition.
      await tx.unsafe(`alter table realtime.${table} owner to supautils`);
    }
    for (const table of tables) {
      if (isOutdated(table, now)) await tx`drop table realtime.${tx(table)}`;
    }
  });
}
