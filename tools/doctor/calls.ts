import { randomUUID } from 'node:crypto';
import { callFlowAdvice, checkCallFlow } from '../../local/messagebird/call-flow.ts';
import { signatureHeader, signRequest, wireUrl } from '../../local/messagebird/sign.ts';
import { type Check, fails, type Finding, holds, skipped } from './check.ts';
import type { Examined } from './examined.ts';

const mendOfSigning =
  'Copy the signing key from MessageBird (Developers, Settings) into .env.production, then: npm run deploy';

/** What the caller of a number hears first, from a hidden number: reading is all that leads to. */
async function firstFlow(examined: Examined, callId: string, dialled: string): Promise<Finding> {
  const { functionsUrl, signingKey = '' } = examined.subject;
  const query = new URLSearchParams({ callID: callId, destination: dialled.replace('+', '') });
  const url = wireUrl(`${functionsUrl}/ivr?${query}`);
  const began = performance.now();
  const response = await examined.fetch(url, {
    headers: { [signatureHeader]: await signRequest({ url, signingKey }) }
  });
  const body = await response.text();
  const seconds = (performance.now() - began) / 1000;
  if (response.status === 401) {
    return fails(
      'A signed call is refused: nobody who calls would be answered.',
      `The functions have another MESSAGEBIRD_SIGNING_KEY, or another PUBLIC_FUNCTIONS_URL than ${functionsUrl}, which is part of what is signed.`,
      mendOfSigning
    );
  }
  const { flow, problems } = checkCallFlow(body);
  if (response.status !== 200 || !flow) {
    return fails(
      `A call is answered with ${response.status} and no valid call flow. ${problems?.join(' ') ?? ''}`.trim(),
      'Another version of the function ivr is deployed, or it does not start.',
      'Look into its logs in the dashboard, then: npm run deploy'
    );
  }
  const foreign = flow.steps.find(
    (step) => step.action === 'fetchCallFlow' && !step.options.url.startsWith(`${functionsUrl}/ivr`)
  );
  if (foreign) {
    return fails(
      'The call goes on at another address than it began.',
      'PUBLIC_FUNCTIONS_URL of the functions is not their address.',
      'Set it in .env.production, then: npm run deploy'
    );
  }
  const advice = callFlowAdvice(flow);
  if (advice.length > 0)
    return fails(advice.join(' '), 'Another version of the function ivr is deployed.', 'npm run deploy');
  return holds(`a call is answered in ${seconds.toFixed(1)} s`);
}

/** Calls the clinic's number as MessageBird does. The record of the call is removed; nothing is booked. */
export const calls: Check = {
  name: 'Calls',
  needs: ['Database'],
  async run(examined) {
    const { sql, subject } = examined;
    if (subject.signingKey === undefined) {
      return fails('Calls cannot be tried.', 'MESSAGEBIRD_SIGNING_KEY is not known.', mendOfSigning);
    }
    const [clinic] = await sql<
      { phone: string }[]
    >`select phone from public.clinics order by created_at, id limit 1`;
    if (!clinic && subject.isStack) return skipped('there is no clinic to call.');
    if (!clinic) {
      return fails(
        'No call can be answered: there is no clinic.',
        'The table clinics is empty.',
        'Enter the clinic, its practitioners and their schedules in the table editor of the dashboard.'
      );
    }
    const callId = `doctor-${randomUUID()}`;
    const finding = await firstFlow(examined, callId, clinic.phone);
    const [record] = await sql<{ outcome: string }[]>`
      delete from public.ivr_calls where call_id = ${callId} returning outcome`;
    if (finding.state !== 'holds') return finding;
    if (record?.outcome === undefined || record.outcome === 'failed') {
      return fails(
        'The caller hears an apology.',
        record
          ? 'The number that was dialled is not known, or the database refused the turn.'
          : 'The function did not reach the database.',
        'Look into the logs of the function ivr (call_failed) in the dashboard.'
      );
    }
    return finding;
  }
};
