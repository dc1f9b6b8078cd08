/** SMS: whether MessageBird takes them, and whether ours go out. And the accounts that are made after calls. */
import { type Check, fails, holds, type Problem, skipped, unless } from './check.ts';

const provider: Check = {
  name: 'MessageBird',
  needs: ["Functions' secret"],
  async run(examined) {
    const { messagebird } = await examined.selfCheck({ messagebird: true });
    if (messagebird === null) return skipped('see Settings');
    if (!messagebird.told) {
      return fails(
        `MessageBird does not take our key: ${messagebird.reason}`,
        'The access key is wrong or was revoked, or MessageBird cannot be reached from the functions.',
        'Copy a live access key from MessageBird (Developers, API access) into .env.production, then: npm run deploy'
      );
    }
    const { payment, type, amount } = messagebird;
    if (payment === 'prepaid' && amount <= 0) {
      return fails(
        'The MessageBird account is empty: no SMS is sent.',
        'The balance is used up.',
        'Top it up at MessageBird, with automatic top-up; what waits is then sent by itself.'
      );
    }
    return holds(payment === 'prepaid' ? `${amount} ${type} are left` : `the account is paid ${payment}`);
  }
};

interface Health {
  sending: boolean;
  due: number;
  oldest_seconds: number;
  failed: number;
  sent: number;
  site_url: string | null;
}

/** So many failures an hour are normal: numbers are mistyped. */
const usualFailures = 5;

export function queueProblems({ sending, oldest_seconds, failed, sent, site_url }: Health): Problem[] {
  const problems: Problem[] = [];
  if (!sending) {
    problems.push({
      sentence: 'Sending SMS is switched off.',
      cause: 'sending in sms_settings is false.',
      mend: 'Set it to true; what still waits is sent at once.'
    });
  } else if (oldest_seconds > 120) {
    problems.push({
      sentence: `An SMS has waited for ${Math.round(oldest_seconds / 60)} minutes.`,
      cause: 'last_error in the view sms_queue says why; without one, nothing calls sms-dispatch.',
      mend: 'See what else is named here; then docs/operate.md, "SMS do not arrive".'
    });
  }
  if (failed > usualFailures && failed > (sent + failed) / 10) {
    problems.push({
      sentence: `${failed} SMS failed within the last hour, and ${sent} were sent.`,
      cause: 'The reasons are in the view sms_failures, in the words of the provider.',
      mend: 'See docs/sms.md, "SMS that failed".'
    });
  }
  if (site_url === null) {
    problems.push({
      sentence: 'SMS do not tell where the site is.',
      cause: 'site_url in sms_settings is empty.',
      mend: 'Run `npm run deploy`, which enters SITE_URL; or enter it there.'
    });
  }
  return problems;
}

const queue: Check = {
  name: 'SMS queue',
  needs: ['Database'],
  async run({ sql }) {
    const [[health], budgets] = await Promise.all([
      sql<[Health]>`
        select h.sending, h.due, h.oldest_seconds, h.failed_last_hour as failed, (
          select count(*)::int from public.sms_messages m where m.sent_at > now() - interval '1 hour'
        ) as sent, (select s.site_url from public.sms_settings s) as site_url
        from public.sms_health() h`,
      sql<{ period: string; used: number; allowed: number }[]>`
        select b.period, b.used, b.allowed from public.sms_budget b cross join public.sms_settings s
        where b.used * 100 >= b.allowed * s.budget_alert_percent and b.allowed > 0`
    ]);
    const problems = queueProblems(health);
    for (const { period, used, allowed } of budgets) {
      problems.push({
        sentence: `${used} of ${allowed} parts of SMS are used this ${period}.`,
        cause: 'Many patients, or somebody who floods the forms: select * from security_today;',
        mend: `If it is patients, raise parts_per_${period} in sms_settings; what matters less waits meanwhile.`
      });
    }
    return unless(problems, `${health.sent} sent within the hour, ${health.due} due`);
  }
};

const accounts: Check = {
  name: 'Accounts',
  needs: ['Database'],
  async run({ sql }) {
    const [late] = await sql<[{ count: number; minutes: number }]>`
      select count(*)::int as count, coalesce(extract(epoch from now() - min(j.created_at)) / 60, 0)::int as minutes
      from private.account_jobs j where j.done_at is null and j.created_at < now() - interval '10 minutes'`;
    if (late.count === 0) return holds('none waits to be made');
    return fails(
      `${late.count} accounts of callers wait to be made, the oldest for ${late.minutes} minutes.`,
      'provision-accounts is not called, or Auth refuses: last_error in private.account_jobs says why.',
      'See what else is named here; they are made by themselves once that is mended.'
    );
  }
};

export const smsChecks = [provider, queue, accounts];
