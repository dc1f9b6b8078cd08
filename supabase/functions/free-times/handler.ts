import { publicEndpoint } from '../_shared/account/endpoint.ts';
import { validationFailed } from '../_shared/account/errors.ts';
import { limit } from '../_shared/account/limits.ts';
import { callFunction } from '../_shared/database.ts';
import { json } from '../_shared/http.ts';
import { question } from './question.ts';

/** Which function of the database knows, and what its answer is called. */
const answers = {
  clinics: 'seen_clinics',
  practitioners: 'seen_practitioners',
  days: 'seen_days',
  slots: 'seen_slots'
} as const;

/**
 * `POST /free-times`: what anybody may see before signing in. `{ask, ...}` names what is asked for, and the answer is a list
 * under that name: `{slots: [...]}`, whose rows are those that the database tells a patient. Nothing in them is of a patient.
 */
export const handle = publicEndpoint({
  name: 'free-times',
  async handle(body, { database, secret, client }) {
    const asked = question.safeParse(body);
    if (!asked.success) throw validationFailed({});
    await limit(database, secret, 'look', { client });
    const { ask } = asked.data;
    return json({ [ask]: await callFunction(database, answers[ask], asked.data) });
  }
});
