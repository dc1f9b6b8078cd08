// What can be wrong with a deployment, each by the check that names it, with how it is broken and mended on a stack.
import type postgres from 'postgres';
import type { TokenLimits } from '../../local/auth/limits.ts';
import type { Subject } from '../../tools/doctor/subject.ts';
import { failSends } from '../helpers/inbox.ts';

/** The stack that is broken. */
export interface Scene {
  /** As role postgres. */
  sql: postgres.Sql;
  /** As the superuser. */
  admin: postgres.Sql;
  subject: Subject;
  inboxUrl: string;
  /** Those that its Auth goes by. */
  authLimits: TokenLimits;
}

export interface Breakage {
  what: string;
  /** Which check names it, and how. */
  named: string;
  says: RegExp;
  breaks: (scene: Scene) => Promise<unknown>;
  mends: (scene: Scene) => Promise<unknown>;
}

const secretOfVault = ({ sql }: Scene, name: string, value: string) =>
  sql`select vault.update_secret((select id from vault.secrets where name = ${name}), ${value})`;

export const breakages: Breakage[] = [
  {
    what: 'a migration that is not applied',
    named: 'Migrations',
    says: /1 migrations are not applied: jobs\./,
    breaks: ({ admin }) => admin`delete from supabase_migrations.schema_migrations where name = 'jobs'`,
    mends: ({ admin }) => admin`
      insert into supabase_migrations.schema_migrations (version, name) values ('20261125002200', 'jobs')`
  },
  {
    what: 'a migration from elsewhere',
    named: 'Migrations',
    says: /has migrations that are not here: 20990101000000\./,
    breaks: ({ admin }) =>
      admin`insert into supabase_migrations.schema_migrations (version) values ('20990101000000')`,
    mends: ({ admin }) =>
      admin`delete from supabase_migrations.schema_migrations where version = '20990101000000'`
  },
  {
    what: 'a function that was edited',
    named: 'Schema',
    says: /different: function private\.mask_phone\(\)\. /,
    breaks: ({ sql }) => sql`
      create or replace function private.mask_phone(p_phone text) returns text language sql immutable
      set search_path = '' as 'select p_phone'`,
    mends: ({ sql }) =>
      sql.unsafe(`
      create or replace function private.mask_phone(p_phone text) returns text
      language plpgsql immutable
      set search_path = ''
      as $$
begin
  return left(p_phone, 3) || repeat('*', greatest(length(p_phone) - 5, 0)) || right(p_phone, 2);
end $$`)
  },
  {
    what: 'an index that was dropped',
    named: 'Schema',
    says: /different: table public\.ivr_calls\. /,
    breaks: ({ sql }) => sql`drop index public.ivr_calls_of_patient`,
    mends: ({ sql }) => sql`create index ivr_calls_of_patient on public.ivr_calls (patient_id)`
  },
  {
    what: 'a trigger of ours on a table of the platform that was dropped',
    named: 'Schema',
    says: /missing: trigger medq_broadcast_end_of_session on auth\.sessions\. /,
    breaks: ({ admin }) => admin`drop trigger medq_broadcast_end_of_session on auth.sessions`,
    mends: ({ sql }) => sql`
      create trigger medq_broadcast_end_of_session after delete on auth.sessions
        for each row execute function private.tg_sessions__broadcast_end()`
  },
  {
    what: 'a table that somebody added',
    named: 'Schema',
    says: /has what no migration makes: table public\.notes\. /,
    breaks: ({ sql }) => sql`create table public.notes ()`,
    mends: ({ sql }) => sql`drop table public.notes`
  },
  {
    what: 'a function that anybody may run',
    named: 'Rights',
    says: /grant execute on function private\.mask_phone\(text\) to anon\. /,
    breaks: ({ sql }) => sql`grant execute on function private.mask_phone(text) to anon`,
    mends: ({ sql }) => sql`revoke execute on function private.mask_phone(text) from anon`
  },
  {
    what: 'a right that was taken away',
    named: 'Rights',
    says: /Rights are missing: grant execute on function public\.sms_health\(\) to service_role\. /,
    breaks: ({ sql }) => sql`revoke execute on function public.sms_health() from service_role`,
    mends: ({ sql }) => sql`grant execute on function public.sms_health() to service_role`
  },
  {
    what: 'a table without row level security',
    named: 'Rights',
    says: /Row level security is off: public\.patients\. .*alter table public\.patients enable/,
    breaks: ({ sql }) => sql`alter table public.patients disable row level security`,
    mends: ({ sql }) => sql`alter table public.patients enable row level security`
  },
  {
    what: 'a policy that somebody added',
    named: 'Rights',
    says: /Policies differ from those of the migrations: policy "?everybody"?/,
    breaks: ({ sql }) => sql`create policy everybody on public.patients for select to anon using (true)`,
    mends: ({ sql }) => sql`drop policy everybody on public.patients`
  },
  {
    what: 'functions that are open as soon as they are made',
    named: 'Rights',
    says: /New objects are open by themselves: functions to anon\. /,
    breaks: ({ sql }) => sql`alter default privileges in schema public grant execute on functions to anon`,
    mends: ({ sql }) => sql`alter default privileges in schema public revoke execute on functions from anon`
  },
  {
    what: 'an extension that was switched off',
    named: 'Extensions',
    says: /Extensions are missing: uuid-ossp\. /,
    breaks: ({ admin }) => admin`drop extension "uuid-ossp"`,
    mends: ({ admin }) => admin`create extension "uuid-ossp" with schema extensions`
  },
  {
    what: 'a job that was unscheduled',
    named: 'Jobs',
    says: /The job medq-reminders is missing\. /,
    breaks: ({ sql }) => sql`select cron.unschedule('medq-reminders')`,
    mends: ({ sql }) =>
      sql`select cron.schedule('medq-reminders', '* * * * *', 'select private.queue_reminders()')`
  },
  {
    what: 'a job that is switched off',
    named: 'Jobs',
    says: /The job medq-sweep is switched off\. /,
    breaks: ({ admin }) => admin`update cron.job set active = false where jobname = 'medq-sweep'`,
    mends: ({ admin }) => admin`update cron.job set active = true where jobname = 'medq-sweep'`
  },
  {
    what: 'a job that fails',
    named: 'Jobs',
    says: /The last run of the job medq-forget failed: ERROR: {2}no such thing /,
    breaks: ({ admin }) => admin`
      insert into cron.job_run_details (jobid, status, return_message, start_time)
      select jobid, 'failed', E'ERROR:  no such thing\nCONTEXT', now() from cron.job where jobname = 'medq-forget'`,
    mends: ({ admin }) => admin`delete from cron.job_run_details where status = 'failed'`
  },
  {
    what: 'a vault with another secret than the functions',
    named: 'Vault',
    says: /The functions_secret of the vault is not the FUNCTIONS_SECRET/,
    breaks: (scene) => secretOfVault(scene, 'functions_secret', 'another secret'),
    mends: (scene) => secretOfVault(scene, 'functions_secret', scene.subject.functionsSecret)
  },
  {
    what: 'a vault without the address of the functions',
    named: 'Vault',
    says: /The vault lacks functions_url\. /,
    breaks: ({ sql }) => sql`delete from vault.secrets where name = 'functions_url'`,
    mends: ({ sql, subject }) => sql`select vault.create_secret(${subject.functionsUrl}, 'functions_url')`
  },
  {
    what: 'a vault with a wrong address of the functions',
    named: 'Wake-ups',
    says: /The database does not reach the functions at http:\/\/127\.0\.0\.1:9: /,
    breaks: (scene) => secretOfVault(scene, 'functions_url', 'http://127.0.0.1:9'),
    mends: (scene) => secretOfVault(scene, 'functions_url', scene.subject.functionsUrl)
  },
  {
    what: 'a MessageBird account without money',
    named: 'MessageBird',
    says: /The MessageBird account is empty/,
    breaks: ({ inboxUrl }) => failSends(inboxUrl, 'no_balance', null),
    mends: ({ inboxUrl }) => failSends(inboxUrl, 'ok', null)
  },
  {
    what: 'SMS that wait too long',
    named: 'SMS queue',
    says: /An SMS has waited for 5 minutes\. /,
    breaks: ({ sql }) => sql`
      insert into public.sms_messages (to_phone, template, body, attempts, next_attempt_at, created_at)
      values ('+919812345678', 'code', 'A text.', 1, now() + interval '1 day', now() - interval '5 minutes')`,
    mends: ({ sql }) => sql`delete from public.sms_messages`
  },
  {
    what: 'a budget that is nearly used up',
    named: 'SMS queue',
    says: /2900 of 3000 parts of SMS are used this hour\. /,
    breaks: ({ sql }) =>
      sql`insert into private.sms_spending (hour, slot, parts) values (date_trunc('hour', now()), 0, 2900)`,
    mends: ({ sql }) => sql`delete from private.sms_spending`
  },
  {
    what: 'accounts that are never made',
    named: 'Accounts',
    says: /1 accounts of callers wait to be made, the oldest for 60 minutes\. /,
    breaks: ({ sql }) => sql`
      with caller as (insert into public.patients (phone) values ('+919812345678') returning id)
      insert into private.account_jobs (patient_id, next_attempt_at, created_at)
      select id, now() + interval '1 day', now() - interval '1 hour' from caller`,
    mends: ({ sql }) => sql`delete from public.patients where phone = '+919812345678'`
  },
  {
    what: 'a database in another time zone',
    named: 'Clocks',
    says: /The database is set to the time zone Asia\/Kolkata\. /,
    breaks: ({ sql }) => sql`alter role postgres set timezone = 'Asia/Kolkata'`,
    mends: ({ sql }) => sql`alter role postgres reset timezone`
  },
  {
    what: 'sign-ins that Auth counts as one client',
    named: 'Sign-ins',
    says: /already number \d+ of as many clients.* IP forwarding is off/,
    breaks: ({ authLimits }) => Promise.resolve((authLimits.forwarding = false)),
    mends: ({ authLimits }) => Promise.resolve((authLimits.forwarding = true))
  }
];
