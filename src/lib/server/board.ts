import { version } from '$app/env';
import { z } from 'zod';
import type { BoardSnapshot } from '#lib/board/model.ts';
import { refusalFrom, refused, type Result } from '#lib/server/request/refusal.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';

const row = z.object({
  channel: z.string(),
  clinic: z.string(),
  time_zone: z.string(),
  doctors: z.array(
    z.object({
      id: z.uuid(),
      name: z.string(),
      specialty: z.string(),
      sessions: z.array(z.object({ from: z.string(), until: z.string() })),
      queue: z
        .object({
          serving: z.number().nullable(),
          called_at: z.string().nullable(),
          next: z.array(z.object({ token: z.number(), here: z.boolean() }))
        })
        .nullable()
    })
  )
});

/** What the board with this token shows now; refused where there is none, or none any more. Throws the Data API's error. */
export async function readBoard(
  supabase: Supabase,
  token: string
): Promise<Result<{ snapshot: BoardSnapshot }>> {
  const { data, error } = await supabase.rpc('board', { token }).single();
  if (error) return refused(refusalFrom(error));
  const { channel, clinic, time_zone: timeZone, doctors } = row.parse(data);
  return {
    ok: true,
    snapshot: { channel, clinic, timeZone, doctors, now: new Date().toISOString(), version }
  };
}
