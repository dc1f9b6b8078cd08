import { error, type RequestEvent } from '@sveltejs/kit';
import { m } from '#lib/paraglide/messages.js';
import { openDesk, type ChosenDesk } from './desk.ts';

/** The open desk (openDesk) of a clinic that the signed-in person manages. Answers 403 to who does not. */
export async function openAsManager(
  event: Pick<RequestEvent, 'locals' | 'url' | 'request'>
): Promise<ChosenDesk> {
  const chosen = await openDesk(event);
  if (chosen.desk.role !== 'manager') error(403, m.desk_manager_only());
  return chosen;
}
