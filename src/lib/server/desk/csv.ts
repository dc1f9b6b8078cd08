import { csvOf } from '#lib/csv.ts';

/** A table to download. `name` is that of the file, without its ending. */
export const csvResponse = (name: string, rows: Parameters<typeof csvOf>[0]): Response =>
  new Response(csvOf(rows), {
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="${name}.csv"`
    }
  });
