import { afterAll, describe, expect, test } from 'vitest';
import { refusalIn } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aPractitioner } from '../helpers/world.ts';
import { actors, onOneScene, publicNames, type Actor, type Scene } from './actors.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);
const onScene = onOneScene(sql);

/**
 * Who may do what to the rows of one patient (or to what everybody shares): read, insert, update, delete.
 * A letter: the row is reached. 0: the statement is allowed and reaches nothing. -: permission denied.
 */
const rights: Record<string, Record<Actor, string>> = {
  clinics: everyone({ others: 'R---' }),
  practitioners: everyone({ others: 'R---' }),
  translations: everyone({ others: 'R---' }),
  schedules: everyone({ visitor: '----', others: '0---', manager: 'R---' }),
  schedule_exceptions: everyone({ visitor: '----', others: '0---', manager: 'R---' }),
  patients: everyone({ visitor: '----', others: '0---', owner: 'R---' }),
  // Everybody who is a patient can add some of their own.
  dependents: {
    ...everyone({ visitor: '----', others: '0-00', owner: 'RIUD', otherDesk: '0I00' }),
    'other patient': '0I00'
  },
  appointments: everyone({ visitor: '----', others: '0---', owner: 'R---' }),
  sms_templates: everyone({}),
  sms_messages: everyone({}),
  sms_settings: everyone({ secretKey: 'R-U-' }),
  sms_opt_outs: everyone({}),
  sms_template_previews: everyone({ secretKey: 'R---' }),
  sms_today: everyone({ secretKey: 'R---' }),
  sms_queue: everyone({ secretKey: 'R---' }),
  sms_failures: everyone({ secretKey: 'R---' }),
  sms_cost: everyone({ secretKey: 'R---' }),
  sms_past: everyone({ secretKey: 'R---' }),
  sms_budget: everyone({ secretKey: 'R---' }),
  ivr_calls: everyone({ secretKey: 'R---' }),
  phone_bookings: everyone({ secretKey: 'R---' }),
  audit_events: everyone({ secretKey: 'R---' }),
  security_settings: everyone({ secretKey: 'R-U-' }),
  security_events: everyone({ secretKey: 'R---' }),
  security_today: everyone({ secretKey: 'R---' }),
  security_clients: everyone({ secretKey: 'R---' }),
  security_phones: everyone({ secretKey: 'R---' }),
  limits: everyone({}),
  audit_trail: everyone({ secretKey: 'R---' }),
  clinic_closures: everyone({ visitor: '----', others: '0--0', atDesk: 'R--0', manager: 'R--D' }),
  day_operations: everyone({ visitor: '----', others: '0---', secretKey: 'R---', atDesk: 'R---' }),
  stranded_appointments: everyone({ visitor: '----', others: '0---', secretKey: 'R---', atDesk: 'R---' }),
  desk_numbers: everyone({ visitor: '----', others: '0---', secretKey: 'R---', manager: 'R---' }),
  // Whoever is not a manager is refused an insert, and the others reach no row.
  clinic_staff: everyone({ visitor: '----', others: '0-00', atDesk: 'R-00', manager: 'R-UD' }),
  boards: everyone({ visitor: '----', others: '0---', manager: 'R---' })
};

function everyone({
  others = '----',
  visitor = others,
  owner = others,
  secretKey = 'RIUD',
  otherDesk = others,
  atDesk = otherDesk,
  manager = atDesk
}: {
  others?: string;
  visitor?: string;
  owner?: string;
  secretKey?: string;
  otherDesk?: string;
  atDesk?: string;
  manager?: string;
}): Record<Actor, string> {
  return {
    visitor,
    owner,
    'other patient': others,
    'account without patient': others,
    'owner with a temporary password': others,
    'owner after signing out': others,
    'secret key': secretKey,
    desk: atDesk,
    manager,
    'desk of another clinic': otherDesk
  };
}

/** Which row of each table the scene is about. */
const rowOf: Record<string, (scene: Scene) => [column: string, value: string]> = {
  clinics: ({ clinic }) => ['id', clinic.id],
  practitioners: ({ practitioner }) => ['id', practitioner.id],
  translations: () => ['name', 'Siddha'],
  schedules: ({ practitioner }) => ['practitioner_id', practitioner.id],
  schedule_exceptions: ({ practitioner }) => ['practitioner_id', practitioner.id],
  patients: ({ owner }) => ['id', owner.id],
  dependents: ({ dependent }) => ['name', dependent.name],
  appointments: ({ appointment }) => ['id', appointment.id],
  sms_templates: () => ['key', 'welcome'],
  sms_messages: ({ appointment }) => ['appointment_id', appointment.id],
  sms_settings: () => ['daily_cap', '20'],
  sms_opt_outs: ({ clinic }) => ['phone', clinic.phone],
  sms_template_previews: () => ['key', 'welcome'],
  sms_today: () => ['template', 'appointment_booked'],
  sms_queue: ({ owner }) => ['to_phone', owner.phone],
  sms_failures: ({ clinic }) => ['to_phone', clinic.phone],
  sms_cost: ({ clinic }) => ['template', clinic.id],
  sms_past: ({ clinic }) => ['template', clinic.id],
  sms_budget: () => ['period', 'hour'],
  ivr_calls: ({ clinic }) => ['clinic_id', clinic.id],
  phone_bookings: ({ clinic }) => ['clinic_id', clinic.id],
  audit_events: ({ appointment }) => ['row_id', appointment.id],
  security_settings: () => ['sms_days', '365'],
  security_events: ({ clinic }) => ['client', clinic.id],
  security_today: () => ['kind', 'seen_in_a_test'],
  security_clients: ({ clinic }) => ['client', clinic.id],
  security_phones: ({ owner }) => ['phone', masked(owner.phone)],
  limits: () => ['what', 'password'],
  audit_trail: ({ appointment }) => ['row_id', appointment.id],
  clinic_closures: ({ clinic }) => ['clinic_id', clinic.id],
  day_operations: ({ clinic }) => ['clinic_id', clinic.id],
  stranded_appointments: ({ clinic }) => ['clinic_id', clinic.id],
  desk_numbers: ({ clinic }) => ['clinic_id', clinic.id],
  clinic_staff: ({ clinic }) => ['clinic_id', clinic.id],
  boards: ({ clinic }) => ['clinic_id', clinic.id]
};

/** As private.mask_phone does it. */
function masked(phone: string): string {
  return `${phone.slice(0, 3)}${'*'.repeat(phone.length - 5)}${phone.slice(-2)}`;
}

async function rightsOn(table: string, actor: Actor): Promise<string> {
  return onScene(async (tx, scene) => {
    const [column, value] = rowOf[table]?.(scene) ?? ['', ''];
    const name = tx(`public.${table}`);
    const row = tx`${tx(column)} = ${value}`;
    const verbs = {
      R: () => tx`select from ${name} where ${row}`,
      I: () => tx`insert into ${name} default values`,
      U: () => tx`update ${name} set ${tx(column)} = ${tx(column)} where ${row}`,
      D: () => tx`delete from ${name} where ${row}`
    };
    let found = '';
    for (const [letter, statement] of Object.entries(verbs)) {
      let count = 0;
      const refusal = await refusalIn(tx, () =>
        scene.as(actor, async () => (count = (await statement()).count))
      );
      // 55000: nobody can write to this view.
      if (refusal?.code === '42501' || refusal?.code === '55000') found += '-';
      // Refused for another reason (a missing value, a row that is needed): the right to try is there.
      else found += refusal || count > 0 ? letter : '0';
    }
    return found;
  });
}

test('every table is in the list of rights', async () => {
  expect(await publicNames(sql, 'tables')).toEqual(Object.keys(rights).sort());
});

describe.each(Object.entries(rights))('table %s', (table, expected) => {
  test.each(actors.map((actor) => [actor, expected[actor]] as const))('%s: %s', async (actor, letters) => {
    expect(await rightsOn(table, actor)).toBe(letters);
  });
});

test('only patients in their own session see practitioners who no longer take bookings', async () => {
  await onScene(async (tx, scene) => {
    const retired = await aPractitioner(tx, scene.clinic, { active: false });
    const sees = (actor: Actor) =>
      scene.as(
        actor,
        async () => (await tx`select from public.practitioners where id = ${retired.id}`).count
      );
    expect(await sees('visitor')).toBe(0);
    expect(await sees('owner')).toBe(1);
  });
});

describe('channels of Realtime', () => {
  /** How many messages of the topic, joined under another or the same name, the actor can read. */
  async function readable(actor: Actor, options: { join: 'own' | 'other' | 'none'; extension?: string }) {
    return onScene(async (tx, scene) => {
      const own = `patient:${scene.owner.id}`;
      const topic = { own, other: `patient:${scene.clinic.id}`, none: '' }[options.join];
      const [message] = await tx<{ id: string }[]>`
        insert into realtime.messages (topic, extension, event, payload, private)
        values (${own}, ${options.extension ?? 'broadcast'}, 'INSERT', '{}', true) returning id`;
      return scene.as(actor, async () => {
        await tx`select set_config('realtime.topic', ${topic}, true)`;
        return (await tx`select from realtime.messages where id = ${message?.id ?? null}`).count;
      });
    });
  }

  test('a patient listens to their own channel', async () => {
    expect(await readable('owner', { join: 'own' })).toBe(1);
  });

  test.each(actors.filter((actor) => !['owner', 'secret key'].includes(actor)))(
    'a patient is not overheard: %s',
    async (actor) => {
      expect(await readable(actor, { join: 'own' })).toBe(0);
    }
  );

  test('another name, no name, or presence opens nothing', async () => {
    expect(await readable('owner', { join: 'other' })).toBe(0);
    expect(await readable('owner', { join: 'none' })).toBe(0);
    expect(await readable('owner', { join: 'own', extension: 'presence' })).toBe(0);
  });

  test('nobody with a session can send, not even on their own channel', async () => {
    await onScene(async (tx, scene) => {
      const topic = `patient:${scene.owner.id}`;
      for (const actor of actors.filter((name) => name !== 'secret key')) {
        const refusal = await refusalIn(tx, () =>
          scene.as(actor, async () => {
            await tx`select set_config('realtime.topic', ${topic}, true)`;
            await tx`insert into realtime.messages (topic, extension) values (${topic}, 'broadcast')`;
          })
        );
        expect([actor, refusal?.code]).toEqual([actor, '42501']);
      }
    });
  });
});
