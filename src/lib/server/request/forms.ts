import { error } from '@sveltejs/kit';
import { m } from '#lib/paraglide/messages.js';

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
