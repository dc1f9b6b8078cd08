import { error, fail, type ActionFailure } from '@sveltejs/kit';
import { m } from '#lib/paraglide/messages.js';
import type { Refusal } from './refusal.ts';

/** The texts a form was sent with. Answers 400 to what is no form; a missing or non-text field is ''. */
export async function readForm<Name extends string>(
  request: Request,
  ...names: Name[]
): Promise<Record<Name, string>> {
  const form = await request.formData().catch(() => error(400, m.form_unknown()));
  const texts = {} as Record<Name, string>;
  for (const name of names) {
    const value = form.get(name);
    texts[name] = typeof value === 'string' ? value : '';
  }
  return texts;
}

/** Shows a form again, with why it was refused. `more` is what else its page needs, such as what was typed. */
export function refuseForm<More extends object>(
  { status, code, message, fields = {} }: Refusal,
  more: More
): ActionFailure<More & { code: string; message: string; fields: Record<string, string> }> {
  return fail(status, { ...more, code, message, fields });
}
