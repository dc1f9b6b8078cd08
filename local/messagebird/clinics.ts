import type { CallableClinic } from './simulator.ts';

/** What the phone simulator offers to call, as any visitor of the site may read it. */
export async function clinicsToCall(apiUrl: string, key: string): Promise<CallableClinic[]> {
  const answer = await fetch(`${apiUrl}/rest/v1/clinics?select=name,phone,timeZone:time_zone&order=name`, {
    headers: { apikey: key }
  });
  return answer.ok ? ((await answer.json()) as CallableClinic[]) : [];
}
