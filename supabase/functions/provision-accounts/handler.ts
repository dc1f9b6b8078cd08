import { supabaseAuth } from '../_shared/account/auth.ts';
import { inBackground } from '../_shared/queue/background.ts';
import { database } from '../_shared/database.ts';
import { setting } from '../_shared/env.ts';
import { endpoint, json } from '../_shared/http.ts';
import { requireInternalRequest } from '../_shared/queue/internal-request.ts';
import { run } from '../_shared/queue/run.ts';
import { authAccounts } from './accounts.ts';
import { jobQueue } from './jobs.ts';
import { provision } from './provision.ts';

/**
 * `POST /provision-accounts`: gives every phone that booked by call and has no web account yet one, and queues the
 * welcome SMS. Called by the database after such a booking while no run is under way, and every minute. Any number may run
 * at the same time.
 */
export const handle = endpoint({
  name: 'provision-accounts',
  methods: ['POST'],
  async handle(request, { log }) {
    await requireInternalRequest(request);
    const options = {
      jobs: jobQueue(database()),
      accounts: authAccounts(supabaseAuth(), database()),
      secret: setting('FUNCTIONS_SECRET'),
      concurrency: 4,
      budget: 50_000,
      log
    };
    const work = run(database(), 'provision-accounts', () => provision(options));
    // The database hangs up after a minute; the work goes on. A failure is logged where it is awaited, below.
    inBackground(work, () => {});
    return json(await work);
  }
});
