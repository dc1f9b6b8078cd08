import type { LayoutServerLoad } from './$types';

export const load: LayoutServerLoad = async ({ locals }) => {
  const session = await locals.session();
  return {
    signedIn: session.state !== 'signed-out',
    locked: session.state === 'signed-in' && session.account.mustChangePassword,
    atDesk: session.state === 'signed-in' && session.account.worksAtDesk
  };
};
