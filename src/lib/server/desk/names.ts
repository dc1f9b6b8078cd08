import { m } from '#lib/paraglide/messages.js';
import { readName } from '#lib/server/account/names.ts';

/** What is wrong with a name, as a sentence; undefined: nothing. */
export function nameProblem(text: string): string | undefined {
  const read = readName(text);
  if ('name' in read) return undefined;
  return read.problem === 'invalid' ? m.desk_name_problem() : m.name_untypable();
}
