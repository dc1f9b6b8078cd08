import type { RequestEvent } from '@sveltejs/kit';
import { m } from '#lib/paraglide/messages.js';
import { keepUnsentForm, keptUnsentForm, type UnsentForm } from './sent-form.ts';

const ACCOUNT = '/(forms)/(personal)/account';

// What may be kept of the page's forms: no password.
const SHOWN_AGAIN = ['seen', 'name', 'age', 'username', 'phone_number', 'person', 'birth_year'];

/** Keeps what was typed into a form of /account that came after its session had ended. */
export async function keepUnsent(event: RequestEvent): Promise<void> {
  if (event.route.id !== ACCOUNT) return;
  const form = await event.request.formData().catch(() => undefined);
  if (!form) return;
  const action = [...event.url.searchParams.keys()].find((name) => name.startsWith('/'));
  await keepUnsentForm(event, {
    userId: form.get('account'),
    section: action?.slice(1),
    typed: Object.fromEntries([...form].filter(([name]) => SHOWN_AGAIN.includes(name)))
  });
}

/** What `userId` typed and could not save, as the outcome of its form; null if there is nothing. */
export async function unsentOf(
  event: RequestEvent,
  userId: string
): Promise<(Pick<UnsentForm, 'section' | 'typed'> & { message: string }) | null> {
  const unsent = await keptUnsentForm(event);
  if (unsent?.userId !== userId) return null;
  return { section: unsent.section, typed: unsent.typed, message: m.account_unsent() };
}
