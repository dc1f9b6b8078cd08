import { database } from '../_shared/database.ts';
import { RefusedError } from '../_shared/errors.ts';
import { endpoint } from '../_shared/http.ts';
import { parseReport, type StatusReport } from './report.ts';

/**
 * `GET /sms-status?token=...&reference=...&status=...`: MessageBird tells what became of an SMS.
 * A report is believed when it has the token of its message, which only MessageBird was told. Every well-formed report
 * is answered alike, whether we know the message or not.
 */
export const handle = endpoint({
  name: 'sms-status',
  methods: ['GET'],
  async handle(request, { log }) {
    const report = parseReport(new URL(request.url).searchParams);
    if (!report) {
      throw new RefusedError({
        code: 'bad_report',
        status: 400,
        message: () => 'This is not a status report.'
      });
    }
    const result = report.status === undefined ? 'ignored' : await record(report);
    log.info('sms_report', { sms_id: report.smsId, status: report.status ?? 'unheard of', result });
    return new Response('OK', { headers: { 'content-type': 'text/plain', 'cache-control': 'no-store' } });
  }
});

async function record(report: StatusReport): Promise<string> {
  const { smsId, token, status, at, reason, providerId, stop } = report;
  // In a transaction of its own, so that nobody who edits both by hand is met in a circle.
  if (stop) await database()`select private.stop_sms(${smsId}, ${token})`;
  const [row] = await database()<{ result: string }[]>`
    select private.report_sms(
      ${smsId}, ${token}, ${status ?? null}, ${at}, ${reason}, ${providerId}) as result`;
  return row?.result ?? 'unknown';
}
