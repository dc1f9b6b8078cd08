import { numbersToCall } from '#lib/server/booking/numbers.ts';
import type { LayoutServerLoad } from './$types';

export const load: LayoutServerLoad = async ({ locals }) => {
  const [session, numbers] = await Promise.all([
    locals.session(),
    numbersToCall(locals.supabase, locals.requestId)
  ]);
  const [number = null, ...others] = numbers;
  return {
    /** Whom to call; where there are several clinics, the page of help has all of their numbers. */
    number: others.length > 0 ? null : number,
    signedIn: session.state !== 'signed-out',
    locked: session.state === 'signed-in' && session.account.mustChangePassword,
    atDesk: session.state === 'signed-in' && session.account.worksAtDesk
  };
};
