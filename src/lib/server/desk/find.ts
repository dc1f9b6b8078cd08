import { z } from 'zod';
import { memberOf, type Member } from '#lib/desk/family.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import { asciiDigits } from '#lib/text.ts';
import type { Desk } from './desk.ts';

/** A patient of the clinic, as the list shows them. Times are ISO instants. */
export interface Found {
  id: string;
  name: string | null;
  /** The last four digits; null: no phone. */
  phoneEnd: string | null;
  /** The record that this one leads to, as they were found to be the same person's. */
  mergedInto: string | null;
  lastAt: string | null;
  nextAt: string | null;
  /** Whom they book for. */
  family: Member[];
}

/** As the functions of the desk answer them. */
export const memberRow = z.object({
  dependent_id: z.uuid(),
  name: z.string().nullable(),
  birth_year: z.number().nullable()
});

const rows = z.array(
  z.object({
    patient_id: z.uuid(),
    name: z.string().nullable(),
    phone_end: z.string().nullable(),
    merged_into: z.uuid().nullable(),
    last_at: z.string().nullable(),
    next_at: z.string().nullable(),
    dependents: z.array(memberRow)
  })
);

/** The patients of a clinic that fit best to what was typed. Throws the Data API's error. */
export async function findPatients(
  supabase: Supabase,
  { clinicId }: Pick<Desk, 'clinicId'>,
  words: string
): Promise<Found[]> {
  const { data, error } = await supabase.rpc('desk_find', {
    clinic_id: clinicId,
    words: asciiDigits(words)
  });
  if (error) throw error;
  return rows.parse(data).map((row) => ({
    id: row.patient_id,
    name: row.name,
    phoneEnd: row.phone_end,
    mergedInto: row.merged_into,
    lastAt: row.last_at,
    nextAt: row.next_at,
    family: row.dependents.map(memberOf)
  }));
}
