import type { DatabaseState } from '../database-state.ts';
import { literal, type Database } from '../database.ts';
import type { Settings } from '../settings-file.ts';
import type { Step } from '../step.ts';

/** The first clinic, so that its number is known when somebody calls. Once there is one, clinics are the admins' business. */
export function clinic(
  { CLINIC_NAME: name = '', CLINIC_PHONE: phone = '', CLINIC_TIME_ZONE: zone = '' }: Settings,
  database: Database,
  state: () => Promise<DatabaseState>
): Step {
  const row = [name, phone, zone].map(literal).join(', ');
  return {
    name: 'clinic',
    hint: 'See CLINIC_NAME, CLINIC_PHONE and CLINIC_TIME_ZONE in .env.production.',
    async examine() {
      const { hasClinic } = await state();
      if (hasClinic) return [];
      return [
        {
          what: `enter the clinic ${name} with the number ${phone}`,
          // Whoever runs this twice at once has entered it already.
          make: () =>
            database.execute(
              `insert into public.clinics (name, phone, time_zone)
                select ${row} where not exists (select from public.clinics)`
            )
        }
      ];
    }
  };
}
