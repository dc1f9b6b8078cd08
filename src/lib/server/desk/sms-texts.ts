import { z } from 'zod';
import { invalid, refused, type Refusal, type Result } from '#lib/server/request/refusal.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import { deskRefusal } from './refusal.ts';

/** How a text reads to a patient, with the longest names there are, and in how many SMS it is sent. */
export interface Preview {
  preview: string;
  parts: number;
  /** The same with the first name of somebody for whom the patient books in front; null: it is of no appointment. */
  parts_for_dependent: number | null;
  /** Places it takes, and whether letters beyond the alphabet of SMS make these fewer (UCS-2). */
  places: number;
  encoding: string;
}

/** The words of an SMS in one language. */
export interface SmsText extends Preview {
  key: string;
  locale: string;
  body: string;
  /** What it can tell, without the braces; of these what it must. */
  placeholders: string[];
  required: string[];
  /** When it is sent, in English. */
  description: string;
  /** The words are not those it came with. */
  edited: boolean;
}

const preview = z.object({
  preview: z.string(),
  parts: z.number(),
  parts_for_dependent: z.number().nullable(),
  places: z.number(),
  encoding: z.string()
});
const rows = z.array(
  preview.extend({
    key: z.string(),
    locale: z.string(),
    body: z.string(),
    placeholders: z.array(z.string()),
    required: z.array(z.string()),
    description: z.string(),
    edited: z.boolean(),
    may_edit: z.boolean()
  })
);

/** The words of every SMS, and whether the signed-in person may change them. Throws the Data API's error. */
export async function readSmsTexts(supabase: Supabase): Promise<{ texts: SmsText[]; mayEdit: boolean }> {
  const { data, error } = await supabase.rpc('desk_sms_texts');
  if (error) throw error;
  const texts = rows.parse(data);
  return { texts, mayEdit: texts.some(({ may_edit }) => may_edit) };
}

/** A refusal of the words, told at their field. */
function atTheWords(error: unknown): Refusal {
  const refusal = deskRefusal(error);
  return refusal.status === 400 ? { ...invalid({ body: refusal.message }), code: refusal.code } : refusal;
}

type Named = Pick<SmsText, 'key' | 'locale'>;

/** How other words would read. Throws the Data API's error unless it is a refusal. */
export async function tryWords(
  supabase: Supabase,
  { key, locale }: Named,
  body: string
): Promise<Result<{ preview: Preview }>> {
  const { data, error } = await supabase.rpc('preview_sms_text', { key, locale, body }).single();
  return error ? refused(atTheWords(error)) : { ok: true, preview: preview.parse(data) };
}

/** Changes the words; null: to those they came with. Throws the Data API's error unless it is a refusal. */
export async function saveWords(
  supabase: Supabase,
  { key, locale }: Named,
  body: string | null
): Promise<Result> {
  // The generated types do not know that a parameter can be null.
  const { error } = await supabase.rpc('set_sms_text', { key, locale, body: body as string });
  return error ? refused(atTheWords(error)) : { ok: true };
}
