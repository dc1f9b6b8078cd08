import { inBackground } from '../_shared/queue/background.ts';
import { database } from '../_shared/database.ts';
import { setting } from '../_shared/env.ts';
import { endpoint, json } from '../_shared/http.ts';
import { requireInternalRequest } from '../_shared/queue/internal-request.ts';
import { run } from '../_shared/queue/run.ts';
import { createMessageBird } from '../_shared/messagebird/client.ts';
import { dispatch } from './dispatch.ts';
import { smsQueue } from './queue.ts';

/**
 * `POST /sms-dispatch`: sends every SMS that is due and answers with how many came to which end.
 * Called by the database when an SMS is queued while no run is under way, and every minute. Any number may run at the same
 * time.
 */
export const handle = endpoint({
  name: 'sms-dispatch',
  methods: ['POST'],
  async handle(request, { log }) {
    await requireInternalRequest(request);
    const options = {
      queue: smsQueue(database()),
      provider: createMessageBird({
        apiUrl: setting('MESSAGEBIRD_API_URL'),
        accessKey: setting('MESSAGEBIRD_ACCESS_KEY')
      }),
      originator: setting('MESSAGEBIRD_ORIGINATOR'),
      reportUrl: `${setting('PUBLIC_FUNCTIONS_URL')}/sms-status`,
      concurrency: setting('SMS_DISPATCH_CONCURRENCY'),
      budget: 50_000,
      log
    };
    const work = run(database(), 'sms-dispatch', () => dispatch(options));
    // Whoever called may hang up; the sending goes on. A failure is logged where it is awaited, below.
    inBackground(work, () => {});
    return json(await work);
  }
});
