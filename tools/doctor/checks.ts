import { authChecks } from './auth.ts';
import { calls } from './calls.ts';
import type { Check } from './check.ts';
import { functionChecks } from './functions.ts';
import { jobChecks } from './jobs.ts';
import { machineChecks } from './machine.ts';
import { realtime } from './realtime.ts';
import { rights } from './rights.ts';
import { schemaChecks } from './schema.ts';
import { site } from './site.ts';
import { smsChecks } from './sms.ts';
import { vaultChecks } from './vault.ts';

/** Everything that is looked at beside the foundations, in the order in which it is told. */
export const checks: Check[] = [
  ...schemaChecks,
  rights,
  ...jobChecks,
  ...vaultChecks,
  ...functionChecks,
  ...authChecks,
  calls,
  ...smsChecks,
  realtime,
  site,
  ...machineChecks
];
