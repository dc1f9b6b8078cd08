import { error, redirect } from '@sveltejs/kit';
import { m } from '#lib/paraglide/messages.js';
import { isId } from '#lib/server/booking/appointments.ts';
import { openDesk } from '#lib/server/desk/desk.ts';
import { closeTo, listDevices } from '#lib/server/desk/devices.ts';
import { readForm } from '#lib/server/request/forms.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const { desk, query } = await openDesk(event);
  return {
    query,
    timeZone: desk.timeZone,
    now: new Date().toISOString(),
    devices: await listDevices(event.locals.supabase)
  };
};

export const actions: Actions = {
  default: async (event) => {
    await openDesk(event);
    const { device } = await readForm(event.request, 'device');
    if (!isId(device)) error(400, m.form_unknown());
    await closeTo(event.locals.supabase, device);
    redirect(303, event.url.pathname + event.url.search);
  }
};
