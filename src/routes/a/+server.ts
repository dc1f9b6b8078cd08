import { redirect } from '@sveltejs/kit';
import { resolve } from '$app/paths';
import type { RequestHandler } from './$types';

/** The address that SMS tell, as short as it can be. Whoever is not signed in is asked to first, and led there then. */
export const GET: RequestHandler = () => redirect(303, resolve('/(personal)/appointments'));
