import { z } from 'zod';
import { deviceName } from '#lib/server/account/device.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';

/** A device to which a desk is open. */
export interface DeskDevice {
  /** The session. */
  id: string;
  /** Whose account. */
  userId: string;
  /** Whose name; null if they work there no longer. */
  name: string | null;
  /** Such as "Chrome on Android"; null when it did not say. */
  device: string | null;
  /** Until when the desk is open to it: an ISO instant. */
  until: string;
  isHere: boolean;
}

const rows = z.array(
  z.object({
    session_id: z.uuid(),
    user_id: z.uuid(),
    name: z.string().nullable(),
    user_agent: z.string().nullable(),
    expires_at: z.string(),
    is_current: z.boolean()
  })
);

/** One's own devices, and for a manager those of all their staff. Throws the Data API's error. */
export async function listDevices(supabase: Supabase): Promise<DeskDevice[]> {
  const { data, error } = await supabase.rpc('desk_sessions');
  if (error) throw error;
  return rows.parse(data).map((row) => ({
    id: row.session_id,
    userId: row.user_id,
    name: row.name,
    device: deviceName(row.user_agent) ?? null,
    until: row.expires_at,
    isHere: row.is_current
  }));
}

/** Closes the desk to a device, unless that was done before. Throws the Data API's error. */
export async function closeTo(supabase: Supabase, id: string): Promise<void> {
  const { error } = await supabase.rpc('end_desk_session', { session_id: id });
  if (error) throw error;
}
