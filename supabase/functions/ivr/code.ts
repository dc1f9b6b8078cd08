/** The code that proves a calling number: a fresh one beside each task that may have to ask for it, hashes of it at rest. */
import { codeHash, newCode } from '../_shared/account/codes.ts';
import { subjectHash } from '../_shared/account/limits.ts';
import { setting } from '../_shared/env.ts';
import { hex } from '../_shared/secrets.ts';
import type { Call } from './database.ts';
import type { Task } from './facts.ts';

/** Keyed hashes are hexadecimal. */
interface NewCode {
  text: string;
  hash: string;
}

/** To be texted to the caller, should it be asked for. */
interface NewCodes {
  /** Of six digits. */
  short: NewCode;
  /** Of ten, for a day on which many wrong ones were tried. */
  long: NewCode;
  /** What limits know the calling number by. */
  phone: string;
}

/** A task as private.ivr_turn takes it, with the rest of what the task says. */
export interface TaskWithCode {
  kind: Task['kind'];
  code?: NewCodes | { hash: string };
}

const mayAsk: readonly Task['kind'][] = ['book', 'count_tries', 'check_reference'];

/** Puts a new code beside a task that may have to ask for one, and the hash of the code that was keyed in in its place. */
export async function withCode(task: Task, { call_id, caller }: Call): Promise<TaskWithCode> {
  const hashOf = async (text: string) =>
    hex(await codeHash(setting('FUNCTIONS_SECRET'), `call:${call_id}`, text));
  if (task.kind === 'prove') return { ...task, code: { hash: await hashOf(task.code) } };
  if (caller === null || !mayAsk.includes(task.kind)) return task;
  const [text, longText] = [newCode(6), newCode(10)];
  const [hash, longHash, phone] = await Promise.all([
    hashOf(text),
    hashOf(longText),
    subjectHash(setting('FUNCTIONS_SECRET'), 'phone', caller)
  ]);
  return { ...task, code: { short: { text, hash }, long: { text: longText, hash: longHash }, phone } };
}
