// max_rows of supabase/config.toml: so many the Data API answers at once, and does not say that there are more.
const AT_ONCE = 1_000;

type Answer<Row, Failure> = { data: Row[]; error: null } | { data: null; error: Failure };

/**
 * All rows of an answer that may have more than the Data API gives at once. `ask` asks for those from one number to
 * another, both included and counted from 0, in an order that stays the same.
 */
export async function allRows<Row, Failure>(
  ask: (from: number, to: number) => PromiseLike<Answer<Row, Failure>>
): Promise<Answer<Row, Failure>> {
  const rows: Row[] = [];
  for (;;) {
    const { data, error } = await ask(rows.length, rows.length + AT_ONCE - 1);
    if (data === null) return { data, error };
    rows.push(...data);
    if (data.length < AT_ONCE) return { data: rows, error: null };
  }
}
