/** Reports of the voice provider on calls: when one has ended. Nothing essential depends on them. */
import { z } from 'zod';
import { isOfOurTime } from '../_shared/text.ts';

/** The shape is not promised anywhere, so whatever does not fit is passed over. */
const report = z.object({
  items: z
    .array(
      z.object({
        payload: z.object({
          // The database takes no NUL.
          id: z.string().regex(/^[^\0]{1,100}$/),
          status: z.string(),
          endedAt: z.iso.datetime({ offset: true }).refine(isOfOurTime).nullish().catch(null)
        }).nullish().catch(null)
      })
    )
    .max(100)
});

/** A call that ended, and when as far as the report says. */
export interface EndedCall {
  callId: string;
  endedAt: string | null;
}

/** The calls that a report says have ended. */
export function endedCalls(body: Uint8Array): EndedCall[] {
  const parsed = report.safeParse(parseJson(new TextDecoder().decode(body)));
  return (parsed.data?.items ?? []).flatMap(({ payload }) =>
    payload?.status === 'ended' ? [{ callId: payload.id, endedAt: payload.endedAt ?? null }] : []
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
