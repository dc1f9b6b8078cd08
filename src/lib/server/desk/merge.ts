import { error } from '@sveltejs/kit';
import { z } from 'zod';
import { namesAt } from '#lib/server/booking/names.ts';
import { refused, type Result } from '#lib/server/request/refusal.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import type { Desk } from './desk.ts';
import { deskRefusal } from './refusal.ts';

const side = z.object({
  patient_id: z.uuid(),
  name: z.string().nullable(),
  /** The last four digits; null: no phone. */
  phone_end: z.string().nullable(),
  age: z.number().nullable(),
  has_account: z.boolean(),
  appointments: z.number(),
  last_at: z.string().nullable(),
  next_at: z.string().nullable()
});

const preview = z.object({
  keep: side,
  gone: side,
  /** The word and the database's sentence for why they cannot be merged; null: they can. */
  refusal: z.string().nullable(),
  sentence: z.string().nullable(),
  /** Appointments that one person could not keep both. A practitioner of another clinic has no name here. */
  clashes: z.array(
    z.object({
      keep_appointment: z.uuid(),
      gone_appointment: z.uuid(),
      starts_at: z.string(),
      keep_practitioner: z.string().nullable(),
      gone_practitioner: z.string().nullable()
    })
  )
});

export interface MergePreview extends z.infer<typeof preview> {
  /** Why they cannot be merged, in the language of the page; null: they can. */
  problem: string | null;
}
export type MergeSide = z.infer<typeof side>;

interface Two {
  keep: string;
  gone: string;
}

/** What merging two patients of a desk that is open would do. Answers 404 to who is none. */
export async function previewMerge(
  supabase: Supabase,
  { clinicId }: Pick<Desk, 'clinicId'>,
  { keep, gone }: Two
): Promise<MergePreview> {
  const { data, error: failure } = await supabase.rpc('preview_merge', { keep_id: keep, gone_id: gone });
  if (failure) {
    const { status, message } = deskRefusal(failure);
    error(status, message);
  }
  const parsed = preview.parse(data);
  const refusal = { code: 'PT409', message: 'cannot_merge', details: parsed.refusal, hint: parsed.sentence };
  const doctors = parsed.clashes.flatMap((one) => [one.keep_practitioner, one.gone_practitioner]);
  const called = await namesAt(
    supabase,
    clinicId,
    doctors.filter((name) => name !== null)
  );
  const clashes = parsed.clashes.map((one) => ({
    ...one,
    keep_practitioner: one.keep_practitioner && called(one.keep_practitioner),
    gone_practitioner: one.gone_practitioner && called(one.gone_practitioner)
  }));
  return { ...parsed, clashes, problem: parsed.refusal && deskRefusal(refusal).message };
}

/** Makes two patients one. Answers with what `undoMerge` takes. Throws the Data API's error unless it is a refusal. */
export async function mergePatients(
  supabase: Supabase,
  { keep, gone }: Two
): Promise<Result<{ merge: string }>> {
  const { data, error: failure } = await supabase.rpc('merge_patients', { keep_id: keep, gone_id: gone });
  return failure ? refused(deskRefusal(failure)) : { ok: true, merge: data };
}

/** Makes one patient two again. Throws the Data API's error unless it is a refusal. */
export async function undoMerge(supabase: Supabase, merge: string): Promise<Result> {
  const { error: failure } = await supabase.rpc('undo_merge', { merge_id: merge });
  return failure ? refused(deskRefusal(failure)) : { ok: true };
}
