import { z } from 'zod';
import { m } from '#lib/paraglide/messages.js';
import { phoneText } from '#lib/server/account/phone.ts';
import { anyMistake, invalid, refused, type Refusal, type Result } from '#lib/server/request/refusal.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import type { Desk } from './desk.ts';
import { listDevices } from './devices.ts';
import { deskRefusal } from './refusal.ts';
import { refuseChanged, seenAs } from '#lib/server/request/seen.ts';

/** Somebody who works at a desk. */
export interface Colleague {
  id: string;
  name: string;
  /** For people to read. */
  phone: string;
  role: Desk['role'];
  /** Their account; null while they have not registered. */
  userId: string | null;
  /** They had an account, which went or has another phone. */
  vacated: boolean;
  /** Where the desk is open to them, and until when (ISO instants). */
  devices: { id: string; device: string | null; until: string }[];
  /** What the form to change them was filled from. */
  seen: string;
}

/** What is entered of somebody. */
export interface StaffForm {
  name: string;
  phone: string;
  role: Desk['role'];
}

const role = z.enum(['desk', 'manager']);

const rows = z.array(
  z.object({
    id: z.uuid(),
    name: z.string(),
    phone: z.string(),
    role,
    user_id: z.uuid().nullable(),
    vacated_at: z.string().nullable()
  })
);

/** What a form says; undefined: it is none of ours. */
export const roleIn = (text: string): Desk['role'] | undefined => role.safeParse(text).data;

const seenOf = ({ name, role }: { name: string; role: string }) => seenAs([name, role]);

/** Who works at a desk, by name, for its manager. Throws the Data API's error. */
export async function listStaff(
  supabase: Supabase,
  { clinicId }: Pick<Desk, 'clinicId'>
): Promise<Colleague[]> {
  const [staff, devices] = await Promise.all([
    supabase
      .from('clinic_staff')
      .select('id, name, phone, role, user_id, vacated_at')
      .eq('clinic_id', clinicId)
      .order('name')
      .order('id'),
    listDevices(supabase)
  ]);
  if (staff.error) throw staff.error;
  return rows.parse(staff.data).map(({ id, name, phone, role, user_id, vacated_at }) => ({
    id,
    name,
    phone: phoneText(phone),
    role,
    userId: user_id,
    vacated: vacated_at !== null,
    seen: seenOf({ name, role }),
    devices: devices
      .filter(({ userId }) => userId === user_id)
      .map(({ id, device, until }) => ({ id, device, until }))
  }));
}

// Which field the database's word is about, and how it is said there.
const FIELDS: Partial<Record<string, [keyof StaffForm, () => string]>> = {
  invalid_phone: ['phone', m.desk_staff_phone_problem],
  already_staff: ['phone', m.desk_staff_phone_there],
  invalid_name: ['name', m.desk_name_problem],
  untypable_name: ['name', m.name_untypable]
};

function byFields(refusal: Refusal): Refusal {
  const [field, words] = FIELDS[refusal.code] ?? [];
  return field && words ? { ...refusal, fields: { [field]: words() } } : refusal;
}

const gone = (): Refusal => ({ code: 'not_found', message: m.desk_staff_gone(), status: 404 });

/** Adds somebody, whose phone may be in any notation. Throws the Data API's error unless it is a refusal. */
export async function addColleague(
  supabase: Supabase,
  { clinicId }: Pick<Desk, 'clinicId'>,
  { name, phone, role }: StaffForm
): Promise<Result> {
  const mistakes = invalid({
    name: name === '' ? m.desk_name_problem() : undefined,
    phone: phone === '' ? m.desk_staff_phone_problem() : undefined
  });
  if (anyMistake(mistakes.fields)) return refused(mistakes);
  const { error } = await supabase.from('clinic_staff').insert({ clinic_id: clinicId, name, phone, role });
  return error ? refused(byFields(deskRefusal(error))) : { ok: true };
}

/** Gives somebody whom one has `seen` another name or role. Throws the Data API's error unless it is a refusal. */
export async function changeColleague(
  supabase: Supabase,
  id: string,
  { name, role }: Omit<StaffForm, 'phone'>,
  seen: string
): Promise<Result> {
  const now = await supabase.from('clinic_staff').select('name, role').eq('id', id).maybeSingle();
  if (now.error) throw now.error;
  if (!now.data) return refused(gone());
  const other = refuseChanged(seen, seenOf(now.data));
  if (other) return other;
  const { data, error } = await supabase
    .from('clinic_staff')
    .update({ name, role })
    .eq('id', id)
    .select('id');
  if (error) return refused(byFields(deskRefusal(error)));
  return data.length > 0 ? { ok: true } : refused(gone());
}

/** Takes somebody out; answers with their name. Throws the Data API's error unless it is a refusal. */
export async function removeColleague(supabase: Supabase, id: string): Promise<Result<{ name: string }>> {
  const { data, error } = await supabase.from('clinic_staff').delete().eq('id', id).select('name');
  if (error) return refused(deskRefusal(error));
  const [row] = data;
  return row ? { ok: true, name: row.name } : refused(gone());
}
