import type { RequestEvent } from '@sveltejs/kit';
import type { ChosenDesk } from '#lib/server/desk/desk.ts';
import { listPractitioners, type Practitioner } from '#lib/server/desk/hours.ts';
import { openAsManager } from '#lib/server/desk/manager.ts';

export interface ChosenPractitioner extends ChosenDesk {
  practitioners: Practitioner[];
  /** Whom the address names (`doctor`), else the first; null where there is none. */
  chosen: Practitioner | null;
}

/** Whose hours a manager looks at. */
export async function choosePractitioner(
  event: Pick<RequestEvent, 'locals' | 'request' | 'url'>
): Promise<ChosenPractitioner> {
  const chosenDesk = await openAsManager(event);
  const practitioners = await listPractitioners(event.locals.supabase, chosenDesk.desk);
  const wanted = event.url.searchParams.get('doctor');
  return {
    ...chosenDesk,
    practitioners,
    chosen: practitioners.find(({ id }) => id === wanted) ?? practitioners[0] ?? null
  };
}
