// What the site reads of the database, until `npm run db:types` has written database.types.ts.
type Row = Record<string, unknown>;
interface Table<R extends Row> {
  Row: R;
  Insert: never;
  Update: never;
  Relationships: [];
}

export interface Database {
  public: {
    Tables: {
      clinics: Table<{
        id: string;
        name: string;
        phone: string;
        time_zone: string;
        address: string;
        reception_phone: string | null;
      }>;
      practitioners: Table<{ id: string; clinic_id: string; name: string; specialty: string }>;
      appointments: Table<{
        id: string;
        patient_id: string;
        practitioner_id: string;
        clinic_id: string;
        starts_at: string;
        ends_at: string;
        status: string;
        channel: string;
        token_number: number;
        reference: string;
        version: number;
      }>;
    };
    Views: Record<never, never>;
    Functions: {
      account_status: {
        Args: Record<never, never>;
        Returns: { patient_id: string; username: string; must_change_password: boolean }[];
      };
    };
  };
}
