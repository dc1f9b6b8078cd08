/**
 * Where a token of SQL that may hold semicolons ends: a comment, a string, a quoted name or a dollar-quoted body
 * starting at `start`. Undefined when nothing of that kind starts there.
 */
function endOfQuoted(sql: string, start: number): number | undefined {
  const from = (end: number, length: number) => (end === -1 ? sql.length : end + length);
  const two = sql.slice(start, start + 2);
  if (two === '--') return from(sql.indexOf('\n', start), 1);
  if (two === '/*') return endOfComment(sql, start);
  const escaped = /^e'/i.test(two) && !/\w/.test(sql[start - 1] ?? ' ');
  if (escaped) return endOfString(sql, start + 1, true);
  const first = sql[start];
  if (first === "'") return endOfString(sql, start, false);
  if (first === '"') return from(sql.indexOf('"', start + 1), 1);
  if (first !== '$' || /[\w$]/.test(sql[start - 1] ?? ' ')) return undefined;
  const tag = /^\$([A-Za-z_]\w*)?\$/.exec(sql.slice(start, start + 70))?.[0];
  return tag === undefined ? undefined : from(sql.indexOf(tag, start + tag.length), tag.length);
}

/** Comments in SQL nest. */
function endOfComment(sql: string, start: number): number {
  let depth = 0;
  for (let at = start; at < sql.length - 1; at += 1) {
    const two = sql.slice(at, at + 2);
    if (two !== '/*' && two !== '*/') continue;
    depth += two === '/*' ? 1 : -1;
    at += 1;
    if (depth === 0) return at + 1;
  }
  return sql.length;
}

function endOfString(sql: string, start: number, escaped: boolean): number {
  for (let at = start + 1; at < sql.length; at += 1) {
    if (escaped && sql[at] === '\\') at += 1;
    else if (sql[at] === "'") return at + 1;
  }
  return sql.length;
}

/**
 * Splits a file of SQL into its statements, without the semicolons. Semicolons in strings, comments, dollar-quoted
 * bodies and `begin atomic ... end` do not split.
 */
export function splitStatements(sql: string): string[] {
  const statements: string[] = [];
  let start = 0;
  // How many `begin atomic` and `case` are open: both are closed by `end`.
  let depth = 0;
  for (let at = 0; at < sql.length;) {
    const end = endOfQuoted(sql, at);
    if (end !== undefined) {
      at = end;
      continue;
    }
    const word = /^[A-Za-z_]\w*/.exec(sql.slice(at, at + 64))?.[0].toLowerCase();
    if (word !== undefined) {
      if (word === 'begin' && /^begin\s+atomic\b/i.test(sql.slice(at))) depth += 1;
      else if (word === 'case' && depth > 0) depth += 1;
      else if (word === 'end' && depth > 0) depth -= 1;
      at += word.length;
      continue;
    }
    if (sql[at] === ';' && depth === 0) {
      statements.push(sql.slice(start, at).trim());
      start = at + 1;
    }
    at += 1;
  }
  statements.push(sql.slice(start).trim());
  return statements.filter((statement) => statement !== '');
}
