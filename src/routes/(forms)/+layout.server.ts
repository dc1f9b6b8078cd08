import { whenInSentence } from '#lib/appointments/when.ts';
import { afterwards, keepAfterwards } from '#lib/server/account/afterwards.ts';
import { proposedAt } from '#lib/server/booking/free-times.ts';
import { logFailure } from '#lib/server/request/log.ts';
import { forNobody } from '#lib/server/request/supabase.ts';
import type { LayoutServerLoad } from './$types';

/** On the way to signing in: the time that was chosen before. */
export const load: LayoutServerLoad = async (event) => {
  const session = await event.locals.session();
  if (session.state !== 'signed-out') return { chosen: null };
  keepAfterwards(event);
  const wanted = new URL(afterwards(event), event.url);
  if (wanted.pathname !== '/book/confirm') return { chosen: null };
  try {
    const proposed = await proposedAt(forNobody(event), wanted.searchParams);
    if (!proposed) return { chosen: null };
    const { scope, at } = proposed;
    const { name } = scope.practitioner;
    return { chosen: { name, when: whenInSentence(at, scope.clinic.timeZone, new Date()) } };
  } catch (cause) {
    // Whoever signs in is led there all the same.
    logFailure('chosen_unavailable', event.locals.requestId, cause);
    return { chosen: null };
  }
};
