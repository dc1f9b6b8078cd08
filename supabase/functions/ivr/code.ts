/** The code that proves a calling number: a fresh one beside each task that may have to ask for it, hashes of it at rest. */
import { Buffer } from 'node:buffer';
import { codeHash, newCode, phoneHash } from '../_shared/account/codes.ts';
import { setting } from '../_shared/env.ts';
import type { Call } from './database.ts';
import type { Task } from './facts.ts';

/** Keyed hashes are hexadecimal. */
interface Code {
  /** To be texted to the caller, should it be asked for. */
  text?: string;
  hash: string;
  /** Stands for the calling number. */
  phone?: string;
}

/** A task as private.ivr_turn takes it, with the rest of what the task says. */
export interface TaskWithCode {
  kind: Task['kind'];
  code?: Code;
}

const mayAsk: readonly Task['kind'][] = ['book', 'count_tries', 'check_reference'];

/** Puts a new code beside a task that may have to ask for one, and the hash of the code that was keyed in in its place. */
export async function withCode(task: Task, { call_id, caller }: Call): Promise<TaskWithCode> {
  const hashOf = async (text: string) =>
    hex(await codeHash(setting('FUNCTIONS_SECRET'), `call:${call_id}`, text));
  if (task.kind === 'prove') return { ...task, code: { hash: await hashOf(task.code) } };
  if (caller === null || !mayAsk.includes(task.kind)) return task;
  const text = newCode(6);
  const phone = hex(await phoneHash(setting('FUNCTIONS_SECRET'), caller));
  return { ...task, code: { text, hash: await hashOf(text), phone } };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
