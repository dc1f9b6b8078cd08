import process from 'node:process';
import { z } from 'zod';
import type { Settings } from '../settings-file.ts';

/** What the CLI cannot set, at the Management API of Supabase. */
export interface Management {
  /** Whether Auth believes our functions whom they ask for. */
  readsForwardedAddresses(): Promise<boolean>;
  readForwardedAddresses(): Promise<void>;
}

const authConfig = z.object({ security_sb_forwarded_for_enabled: z.boolean().nullish() });

/** @throws a sentence when Supabase cannot be reached, or refuses */
export function management({
  SUPABASE_PROJECT_REF: ref,
  SUPABASE_ACCESS_TOKEN: token
}: Settings): Management {
  // Another address only in tests.
  const url = `${process.env.MEDQ_MANAGEMENT_API ?? 'https://api.supabase.com'}/v1/projects/${ref}/config/auth`;
  async function request(method: 'GET' | 'PATCH', body?: object): Promise<unknown> {
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) })
    });
    if (response.ok) return response.json();
    throw new Error(`Supabase answered ${response.status} when asked about the settings of Auth.`);
  }
  return {
    async readsForwardedAddresses() {
      return authConfig.parse(await request('GET')).security_sb_forwarded_for_enabled === true;
    },
    async readForwardedAddresses() {
      await request('PATCH', { security_sb_forwarded_for_enabled: true });
    }
  };
}
