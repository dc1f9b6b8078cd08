import type postgres from 'postgres';
import { afterAll, describe, expect, test } from 'vitest';
import { refusalIn, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aPhone, nextSlots } from '../helpers/world.ts';
import { actors, onOneScene, publicNames, type Actor, type Scene } from './actors.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);
const onScene = onOneScene(sql);

type Outcome = 'works' | 'finds nothing' | `${string} ${string}` | '42501';

/** What each actor gets who asks about the appointment of the owner, or for one of their own. */
const onlyForPatients: Record<Actor, Outcome> = {
  visitor: '42501',
  owner: 'works',
  'other patient': 'works',
  'account without patient': 'PT401 not_signed_in',
  'owner with a temporary password': 'PT403 password_change_required',
  'owner after signing out': 'PT401 not_signed_in',
  'secret key': '42501',
  // Who works at a desk is a patient too, of themselves.
  desk: 'works',
  manager: 'works',
  'desk of another clinic': 'works'
};
const onlyForTheOwner: Record<Actor, Outcome> = {
  ...onlyForPatients,
  'other patient': 'PT404 not_found',
  desk: 'PT404 not_found',
  manager: 'PT404 not_found',
  'desk of another clinic': 'PT404 not_found'
};

/** What the desk asks about a clinic: others hear that they do not work there. */
const onlyForTheDesk: Record<Actor, Outcome> = {
  visitor: '42501',
  owner: 'PT403 not_staff',
  'other patient': 'PT403 not_staff',
  'account without patient': 'PT403 not_staff',
  'owner with a temporary password': 'PT403 password_change_required',
  'owner after signing out': 'PT401 not_signed_in',
  'secret key': '42501',
  desk: 'works',
  manager: 'works',
  'desk of another clinic': 'PT403 not_staff'
};
/** What only managers may. */
const onlyForManagers: Record<Actor, Outcome> = { ...onlyForTheDesk, desk: 'PT403 not_staff' };
/** The same about oneself, whichever the clinic. */
const onlyForStaff: Record<Actor, Outcome> = { ...onlyForTheDesk, 'desk of another clinic': 'works' };
/** The same about a row: that of another clinic is not there. */
const onTheDesksAppointment: Record<Actor, Outcome> = {
  ...onlyForTheDesk,
  'desk of another clinic': 'PT404 not_found'
};
/** The same, for managers alone. */
const onTheManagersPractitioner: Record<Actor, Outcome> = {
  ...onTheDesksAppointment,
  desk: 'PT403 not_staff'
};
/** The same about a row that there is not. */
const nobodysRow: Record<Actor, Outcome> = {
  ...onTheDesksAppointment,
  desk: 'PT404 not_found',
  manager: 'PT404 not_found'
};

const onlyForAdmins: Record<Actor, Outcome> = {
  visitor: '42501',
  owner: '42501',
  'other patient': '42501',
  'account without patient': '42501',
  'owner with a temporary password': '42501',
  'owner after signing out': '42501',
  'secret key': 'works',
  desk: '42501',
  manager: '42501',
  'desk of another clinic': '42501'
};

const expected: Record<string, Record<Actor, Outcome>> = {
  account_status: {
    visitor: '42501',
    owner: 'works',
    'other patient': 'works',
    'account without patient': 'works',
    'owner with a temporary password': 'works',
    'owner after signing out': 'finds nothing',
    'secret key': 'finds nothing',
    desk: 'works',
    manager: 'works',
    'desk of another clinic': 'works'
  },
  available_slots: onlyForPatients,
  next_available_slots: onlyForPatients,
  available_days: onlyForPatients,
  available_slots_of_day: onlyForPatients,
  nearest_slots: onlyForPatients,
  bookable_practitioners: onlyForPatients,
  book_appointment: onlyForPatients,
  cancel_appointment: onlyForTheOwner,
  reschedule_appointment: onlyForTheOwner,
  queue_position: onlyForTheOwner,
  update_profile: onlyForPatients,
  my_sessions: onlyForPatients,
  // What everybody may read on the page of privacy.
  kept_days: { ...everybodySignedIn('works'), visitor: 'works' },
  names_in: { ...everybodySignedIn('works'), visitor: 'works' },
  change_patient_phone: { ...onTheDesksAppointment, 'secret key': 'works' },
  permit_account_change: onlyForAdmins,
  confirm_phone_owner: onlyForAdmins,
  restore_sms_template: onlyForAdmins,
  sms_health: onlyForAdmins,
  desk_status: {
    ...everybodySignedIn('finds nothing'),
    desk: 'works',
    manager: 'works',
    'desk of another clinic': 'works'
  },
  desk_start: onlyForStaff,
  desk_prove: onlyForStaff,
  desk_sessions: onlyForStaff,
  end_desk_session: onlyForStaff,
  desk_day: onlyForTheDesk,
  // Not a step that follows, whatever the time of the day is.
  desk_mark: {
    ...onTheDesksAppointment,
    desk: 'PT409 changed_meanwhile',
    manager: 'PT409 changed_meanwhile'
  },
  desk_note: onTheDesksAppointment,
  desk_book: onTheDesksAppointment,
  desk_slots: onTheDesksAppointment,
  desk_move: onTheDesksAppointment,
  desk_cancel: onTheDesksAppointment,
  desk_find: onlyForTheDesk,
  desk_patient: onTheDesksAppointment,
  desk_resend: nobodysRow,
  reassign_dependent: onTheDesksAppointment,
  prove_reassignment: nobodysRow,
  preview_merge: onTheDesksAppointment,
  // A patient and themselves.
  merge_patients: {
    ...onTheDesksAppointment,
    desk: 'PT409 cannot_merge',
    manager: 'PT409 cannot_merge'
  },
  undo_merge: nobodysRow,
  preview_day: onTheDesksAppointment,
  preview_closure: onlyForTheDesk,
  // An operation that there is not.
  day_outcome: {
    ...onlyForTheDesk,
    desk: 'finds nothing',
    manager: 'finds nothing',
    'desk of another clinic': 'finds nothing'
  },
  shift_day: onTheDesksAppointment,
  hand_over_day: {
    ...onTheDesksAppointment,
    desk: 'PT400 validation_failed',
    manager: 'PT400 validation_failed'
  },
  move_day: onTheDesksAppointment,
  cancel_day: onTheDesksAppointment,
  close_clinic: onlyForTheDesk,
  desk_numbers_between: onlyForManagers,
  desk_free_slots: onlyForTheDesk,
  // Who has the token needs nothing else; admins have the table.
  board: {
    ...everybodySignedIn('works'),
    visitor: 'works'
  },
  make_board: onlyForManagers,
  revoke_board: { ...onlyForManagers, 'desk of another clinic': 'PT404 not_found' },
  confirm_appointment: onlyForTheOwner,
  desk_confirm: onTheDesksAppointment,
  set_week: onTheManagersPractitioner,
  preview_week: onTheManagersPractitioner,
  set_dates: onTheManagersPractitioner,
  preview_dates: onTheManagersPractitioner,
  desk_practitioners: { ...onlyForTheDesk, desk: 'PT403 not_staff' },
  set_translations: { ...onlyForTheDesk, desk: 'PT403 not_staff' },
  desk_sms_texts: onlyForStaff,
  preview_sms_text: onlyForStaff,
  // There are other clinics.
  set_sms_text: {
    ...onlyForStaff,
    desk: 'PT403 not_staff',
    manager: 'PT403 not_staff',
    'desk of another clinic': 'PT403 not_staff'
  }
};

/** The same for everybody with a session, or who had one; nothing for a visitor and the secret key. */
function everybodySignedIn(outcome: Outcome): Record<Actor, Outcome> {
  const all = Object.fromEntries(actors.map((actor) => [actor, outcome])) as Record<Actor, Outcome>;
  return { ...all, visitor: '42501', 'secret key': '42501' };
}

type Call = (tx: Transaction, scene: Scene, slot: Date) => postgres.PendingQuery<postgres.Row[]>;

const calls: Record<string, Call> = {
  account_status: (tx) => tx`select * from public.account_status()`,
  available_slots: (tx, { practitioner }, slot) =>
    tx`select * from public.available_slots(${practitioner.id}, (${slot}::timestamptz at time zone 'Asia/Kolkata')::date)`,
  next_available_slots: (tx, { clinic }) => tx`select * from public.next_available_slots(${clinic.id})`,
  available_days: (tx, { clinic }) => tx`select * from public.available_days(${clinic.id})`,
  available_slots_of_day: (tx, { clinic }, slot) =>
    tx`select * from public.available_slots_of_day(${clinic.id}, (${slot}::timestamptz at time zone 'Asia/Kolkata')::date)`,
  nearest_slots: (tx, { practitioner }, slot) =>
    tx`select * from public.nearest_slots(${practitioner.id}, ${slot})`,
  bookable_practitioners: (tx, { clinic }) => tx`select * from public.bookable_practitioners(${clinic.id})`,
  book_appointment: (tx, { practitioner }, slot) =>
    tx`select * from public.book_appointment(${practitioner.id}, ${slot})`,
  cancel_appointment: (tx, { appointment }) => tx`select * from public.cancel_appointment(${appointment.id})`,
  reschedule_appointment: (tx, { appointment }, slot) =>
    tx`select * from public.reschedule_appointment(${appointment.id}, ${slot})`,
  change_patient_phone: (tx, { owner }) => tx`select public.change_patient_phone(${owner.id}, ${aPhone()})`,
  permit_account_change: (tx, { owner }) => tx`select public.permit_account_change(${owner.phone})`,
  confirm_phone_owner: (tx, { owner }) => tx`select public.confirm_phone_owner(${owner.phone})`,
  queue_position: (tx, { appointment }) => tx`select * from public.queue_position(${appointment.id})`,
  update_profile: (tx) => tx`select * from public.update_profile(age => 40)`,
  my_sessions: (tx) => tx`select * from public.my_sessions()`,
  kept_days: (tx) => tx`select * from public.kept_days()`,
  names_in: (tx) => tx`select * from public.names_in('ta-IN', '{General medicine}')`,
  restore_sms_template: (tx) => tx`select * from public.restore_sms_template('welcome')`,
  sms_health: (tx) => tx`select * from public.sms_health()`,
  desk_status: (tx) => tx`select * from public.desk_status()`,
  desk_start: (tx) => tx`select * from public.desk_start()`,
  desk_prove: (tx) => tx`select public.desk_prove('000000')`,
  desk_sessions: (tx) => tx`select * from public.desk_sessions()`,
  end_desk_session: (tx, { clinic }) => tx`select public.end_desk_session(${clinic.id})`,
  desk_day: (tx, { clinic, appointment }) =>
    tx`select * from public.desk_day(${clinic.id}, (${appointment.starts_at}::timestamptz at time zone 'Asia/Kolkata')::date)`,
  desk_mark: (tx, { appointment }) => tx`select public.desk_mark(${appointment.id}, 'waiting')`,
  desk_note: (tx, { appointment }) => tx`select public.desk_note(${appointment.id}, 'fever')`,
  desk_book: (tx, { practitioner }, slot) =>
    tx`select public.desk_book(${practitioner.id}, ${slot}, ${aPhone()})`,
  desk_slots: (tx, { practitioner, owner }, slot) =>
    tx`select * from public.desk_slots(${practitioner.id}, (${slot}::timestamptz at time zone 'Asia/Kolkata')::date, ${owner.id})`,
  desk_move: (tx, { appointment, practitioner }, slot) =>
    tx`select public.desk_move(${appointment.id}, ${practitioner.id}, ${slot})`,
  desk_cancel: (tx, { appointment }) => tx`select public.desk_cancel(${appointment.id}, 'closed')`,
  desk_find: (tx, { clinic, owner }) => tx`select * from public.desk_find(${clinic.id}, ${owner.phone})`,
  desk_patient: (tx, { owner }) => tx`select public.desk_patient(${owner.id})`,
  desk_resend: (tx, { clinic }) => tx`select public.desk_resend(${clinic.id})`,
  reassign_dependent: (tx, { dependent }) =>
    tx`select public.reassign_dependent(${dependent.id}, ${aPhone()})`,
  prove_reassignment: (tx, { clinic }) =>
    tx`select public.prove_reassignment(${clinic.id}, '000000', '000000')`,
  preview_merge: (tx, { owner }) => tx`select public.preview_merge(${owner.id}, ${owner.id})`,
  merge_patients: (tx, { owner }) => tx`select public.merge_patients(${owner.id}, ${owner.id})`,
  undo_merge: (tx, { clinic }) => tx`select public.undo_merge(${clinic.id})`,
  preview_day: (tx, { appointment: { practitioner_id, starts_at } }) =>
    tx`select * from public.preview_day(${practitioner_id}, (${starts_at}::timestamptz at time zone 'Asia/Kolkata')::date)`,
  preview_closure: (tx, { appointment: { clinic_id, starts_at } }) =>
    tx`select * from public.preview_closure(${clinic_id}, (${starts_at}::timestamptz at time zone 'Asia/Kolkata')::date, (${starts_at}::timestamptz at time zone 'Asia/Kolkata')::date)`,
  day_outcome: (tx, { clinic }) => tx`select * from public.day_outcome(${clinic.id})`,
  shift_day: (tx, { appointment: { practitioner_id, starts_at } }) =>
    tx`select * from public.shift_day(${practitioner_id}, (${starts_at}::timestamptz at time zone 'Asia/Kolkata')::date, '00:00', 15)`,
  // To themselves.
  hand_over_day: (tx, { appointment: { practitioner_id, starts_at } }) =>
    tx`select * from public.hand_over_day(${practitioner_id}, (${starts_at}::timestamptz at time zone 'Asia/Kolkata')::date, ${practitioner_id})`,
  move_day: (tx, { appointment: { practitioner_id, starts_at } }) =>
    tx`select * from public.move_day(${practitioner_id}, (${starts_at}::timestamptz at time zone 'Asia/Kolkata')::date)`,
  cancel_day: (tx, { appointment: { practitioner_id, starts_at } }) =>
    tx`select * from public.cancel_day(${practitioner_id}, (${starts_at}::timestamptz at time zone 'Asia/Kolkata')::date, 'ill')`,
  close_clinic: (tx, { appointment: { clinic_id, starts_at } }) =>
    tx`select * from public.close_clinic(${clinic_id}, (${starts_at}::timestamptz at time zone 'Asia/Kolkata')::date, (${starts_at}::timestamptz at time zone 'Asia/Kolkata')::date, 'Pongal')`,
  desk_numbers_between: (tx, { appointment: { clinic_id, starts_at } }) =>
    tx`select * from public.desk_numbers_between(${clinic_id}, '-infinity', (${starts_at}::timestamptz at time zone 'Asia/Kolkata')::date)`,
  desk_free_slots: (tx, { clinic }) =>
    tx`select * from public.desk_free_slots(${clinic.id}, (now() at time zone 'Asia/Kolkata')::date, (now() at time zone 'Asia/Kolkata')::date)`,
  board: (tx, { clinic }) => tx`select * from public.board(${clinic.id})`,
  make_board: (tx, { clinic }) => tx`select * from public.make_board(${clinic.id}, 'Waiting room')`,
  revoke_board: (tx, { board }) => tx`select public.revoke_board(${board})`,
  confirm_appointment: (tx, { appointment }) => tx`select public.confirm_appointment(${appointment.id})`,
  desk_confirm: (tx, { appointment }) => tx`select public.desk_confirm(${appointment.id}, true)`,
  set_week: (tx, { practitioner }) => tx`select * from public.set_week(${practitioner.id}, '[]')`,
  preview_week: (tx, { practitioner }) => tx`select * from public.preview_week(${practitioner.id}, '[]')`,
  set_dates: (tx, { appointment: { practitioner_id, starts_at } }) =>
    tx`select * from public.set_dates(${practitioner_id}, (${starts_at}::timestamptz at time zone 'Asia/Kolkata')::date, (${starts_at}::timestamptz at time zone 'Asia/Kolkata')::date, '[]')`,
  preview_dates: (tx, { appointment: { practitioner_id, starts_at } }) =>
    tx`select * from public.preview_dates(${practitioner_id}, (${starts_at}::timestamptz at time zone 'Asia/Kolkata')::date, (${starts_at}::timestamptz at time zone 'Asia/Kolkata')::date, '[]')`,
  desk_practitioners: (tx, { clinic }) => tx`select * from public.desk_practitioners(${clinic.id})`,
  set_translations: (tx, { clinic }) => tx`select public.set_translations(${clinic.id}, 'ta-IN', '[]')`,
  desk_sms_texts: (tx) => tx`select * from public.desk_sms_texts()`,
  preview_sms_text: (tx) => tx`select * from public.preview_sms_text('ivr_synced', 'en-IN', 'Synced.')`,
  set_sms_text: (tx) => tx`select public.set_sms_text('ivr_synced', 'en-IN', 'Synced.')`
};

test('every function is in the list of rights', async () => {
  expect(await publicNames(sql, 'functions')).toEqual(Object.keys(expected).sort());
});

describe.each(Object.entries(expected))('function %s', (name, outcomes) => {
  test.each(actors.map((actor) => [actor, outcomes[actor]] as const))('%s: %s', async (actor, outcome) => {
    await onScene(async (tx, scene) => {
      const [, , , slot] = await nextSlots(tx, scene.practitioner, 4);
      const call = calls[name];
      if (!slot || !call) throw new Error(`There is no call of ${name} to try.`);
      let count = 0;
      const refusal = await refusalIn(tx, () =>
        scene.as(actor, async () => {
          count = (await call(tx, scene, slot)).count;
        })
      );
      const result = count > 0 ? 'works' : 'finds nothing';
      const refused = refusal?.code === '42501' ? '42501' : `${refusal?.code} ${refusal?.message}`;
      expect(refusal ? refused : result).toBe(outcome);
    });
  });
});

test('at the desk a clinic that is null is no clinic, and not what all of them share', async () => {
  const rows = await sql<{ name: string }[]>`
    select proname as name from pg_proc
    where pronamespace = 'public'::regnamespace and 'clinic_id' = any (proargnames[1:pronargs]) order by 1`;
  const names = rows.map(({ name }) => name).filter((name) => expected[name] !== onlyForPatients);
  expect(names).toContain('set_translations');
  await onScene(async (tx, scene) => {
    const [, , , slot] = await nextSlots(tx, scene.practitioner, 4);
    const nowhere = {
      ...scene,
      clinic: { ...scene.clinic, id: null as unknown as string },
      appointment: { ...scene.appointment, clinic_id: null as unknown as string }
    };
    for (const name of names) {
      for (const actor of ['desk', 'manager'] as const) {
        const refusal = await refusalIn(tx, () =>
          scene.as(actor, async () => calls[name]?.(tx, nowhere, slot ?? new Date()))
        );
        expect([name, refusal?.code, refusal?.detail]).toEqual([name, 'PT404', 'unknown_clinic']);
      }
    }
  });
});

test('the account of a session tells whether its password is temporary', async () => {
  await onScene(async (tx, scene) => {
    const status = (db: Transaction) => db`select * from public.account_status()`;
    const { id: patient_id, phone, account } = scene.owner;
    const owner = { user_id: account.userId, phone, patient_id, username: null, works_at_desk: false };
    expect([...(await scene.as('owner', status))]).toEqual([{ ...owner, must_change_password: false }]);
    expect([...(await scene.as('owner with a temporary password', status))]).toEqual([
      { ...owner, must_change_password: true }
    ]);
  });
});

test('a banned account is nobody’s at once, whatever its token says', async () => {
  await onScene(async (tx, scene) => {
    const banned = (until: string) =>
      tx`update auth.users set banned_until = now() + ${until}::interval where id = ${scene.owner.account.userId}`;
    const status = () => scene.as('owner', (db: Transaction) => db`select * from public.account_status()`);
    await banned('1 hour');
    expect(await status()).toHaveLength(0);
    await banned('-1 second');
    expect(await status()).toHaveLength(1);
  });
});
