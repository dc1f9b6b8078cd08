/** Compares the objects of a database with the text that supabase/schema.sql has of them. */

/** Which lines say who may do what, beside policies: they are looked at apart from the definitions. */
const aboutRights = /^(grant .*|alter table \S+ enable row level security);$/;

const without = (text: string, lines: RegExp) =>
  text
    .split('\n')
    .filter((line) => !lines.test(line))
    .join('\n');

/** The lines of a text that say who may do what. */
export const rightsIn = (text: string): string[] => text.split('\n').filter((line) => aboutRights.test(line));

/** The definition without its rights. */
export const definitionIn = (text: string): string => without(text, aboutRights);

/** What an object is called: the first line of its text, up to what is told of it. */
function nameOf(text: string): string {
  const [first = ''] = text.trim().split('\n');
  return first
    .replace(/^(create|CREATE)( OR REPLACE)? /, '')
    .replace(/^(FUNCTION|PROCEDURE) (\S+?)\(.*$/, 'function $2()')
    .replace(/^(table|type|view|policy|extension) ("[^"]*"|[^\s(;]+).*$/i, '$1 $2')
    .replace(/^(?:CONSTRAINT )?TRIGGER (\S+) .*? ON (\S+) .*$/, 'trigger $1 on $2')
    .slice(0, 80);
}

export interface Differences {
  missing: string[];
  different: string[];
  /** In the database only. */
  added: string[];
}

/** How `live` objects differ from what is `expected`, which is the text of all of them, a blank line between each two. */
export function compare(live: string[], expected: string): Differences {
  // An object may hold blank lines, so the text cannot be taken apart; what is known of it can be taken out.
  let rest = `\n\n${expected.trim()}\n\n`;
  const unknown = live.filter((text) => {
    const whole = `\n\n${text.trim()}\n\n`;
    if (!rest.includes(whole)) return true;
    rest = rest.replace(whole, () => '\n\n\n\n');
    return false;
  });
  const wanted = new Set(
    rest
      .split(/\n\n+/)
      .filter((part) => /^(create|-- [a-z]+\.)/i.test(part))
      .map(nameOf)
  );
  const found = unknown.map(nameOf);
  return {
    missing: [...wanted].filter((name) => !found.includes(name)),
    different: found.filter((name) => wanted.has(name)),
    added: found.filter((name) => !wanted.has(name))
  };
}
