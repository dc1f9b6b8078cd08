// Runs before each test file of the projects with a stack.
import postgres from 'postgres';
import { haveStack, theStack } from './stack.ts';

await haveStack();

// Wrong codes of a day are counted together, whoever guesses: those of earlier files are no business of this one.
const sql = postgres(theStack().db_url, { max: 1, fetch_types: false });
await sql`delete from private.wrong_codes`;
await sql.end();
