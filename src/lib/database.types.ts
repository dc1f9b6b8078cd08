export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

export type Database = {
  public: {
    Tables: {
      appointments: {
        Row: {
          active: boolean;
          arrived_at: string | null;
          call_id: string | null;
          called_at: string | null;
          cancelled_at: string | null;
          channel: string;
          clinic_id: string;
          confirmed_at: string | null;
          created_at: string;
          dependent_id: string | null;
          ends_at: string;
          id: string;
          local_date: string;
          note: string | null;
          outside_hours: boolean;
          patient_id: string;
          practitioner_id: string;
          reference: string;
          seen_at: string | null;
          starts_at: string;
          status: string;
          token_number: number;
          unproven: boolean;
          updated_at: string;
          version: number;
          waits_from: string | null;
        };
        ComputedFields: never;
        Insert: {
          active?: never;
          arrived_at?: string | null;
          call_id?: string | null;
          called_at?: string | null;
          cancelled_at?: string | null;
          channel?: string;
          clinic_id: string;
          confirmed_at?: string | null;
          created_at?: string;
          dependent_id?: string | null;
          ends_at: string;
          id?: string;
          local_date: string;
          note?: string | null;
          outside_hours?: boolean;
          patient_id: string;
          practitioner_id: string;
          reference: string;
          seen_at?: string | null;
          starts_at: string;
          status?: string;
          token_number: number;
          unproven?: boolean;
          updated_at?: string;
          version?: number;
          waits_from?: string | null;
        };
        Update: {
          active?: never;
          arrived_at?: string | null;
          call_id?: string | null;
          called_at?: string | null;
          cancelled_at?: string | null;
          channel?: string;
          clinic_id?: string;
          confirmed_at?: string | null;
          created_at?: string;
          dependent_id?: string | null;
          ends_at?: string;
          id?: string;
          local_date?: string;
          note?: string | null;
          outside_hours?: boolean;
          patient_id?: string;
          practitioner_id?: string;
          reference?: string;
          seen_at?: string | null;
          starts_at?: string;
          status?: string;
          token_number?: number;
          unproven?: boolean;
          updated_at?: string;
          version?: number;
          waits_from?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: 'appointments_clinic_id_fkey';
            columns: ['clinic_id'];
            isOneToOne: false;
            referencedRelation: 'clinics';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'appointments_patient_id_fkey';
            columns: ['patient_id'];
            isOneToOne: false;
            referencedRelation: 'patients';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'appointments_practitioner_id_fkey';
            columns: ['practitioner_id'];
            isOneToOne: false;
            referencedRelation: 'practitioners';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'dependent_is_of_the_patient';
            columns: ['patient_id', 'dependent_id'];
            isOneToOne: false;
            referencedRelation: 'dependents';
            referencedColumns: ['patient_id', 'id'];
          }
        ];
      };
      audit_events: {
        Row: {
          action: string;
          actor_id: string | null;
          changes: NonNullable<Json>;
          channel: string;
          id: number;
          occurred_at: string;
          row_id: string;
          table_name: string;
        };
        ComputedFields: never;
        Insert: {
          action: string;
          actor_id?: string | null;
          changes?: NonNullable<Json>;
          channel: string;
          id?: never;
          occurred_at?: string;
          row_id: string;
          table_name: string;
        };
        Update: {
          action?: string;
          actor_id?: string | null;
          changes?: NonNullable<Json>;
          channel?: string;
          id?: never;
          occurred_at?: string;
          row_id?: string;
          table_name?: string;
        };
        Relationships: [];
      };
      boards: {
        Row: {
          clinic_id: string;
          created_at: string;
          created_by: string | null;
          id: string;
          name: string;
          revoked_at: string | null;
          seen_at: string | null;
          token_hash: string;
        };
        ComputedFields: never;
        Insert: {
          clinic_id: string;
          created_at?: string;
          created_by?: string | null;
          id?: string;
          name: string;
          revoked_at?: string | null;
          seen_at?: string | null;
          token_hash: string;
        };
        Update: {
          clinic_id?: string;
          created_at?: string;
          created_by?: string | null;
          id?: string;
          name?: string;
          revoked_at?: string | null;
          seen_at?: string | null;
          token_hash?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'boards_clinic_id_fkey';
            columns: ['clinic_id'];
            isOneToOne: false;
            referencedRelation: 'clinics';
            referencedColumns: ['id'];
          }
        ];
      };
      clinic_closures: {
        Row: {
          clinic_id: string;
          created_at: string;
          from_date: string;
          id: string;
          reason: string;
          until_date: string;
        };
        ComputedFields: never;
        Insert: {
          clinic_id: string;
          created_at?: string;
          from_date: string;
          id?: string;
          reason?: string;
          until_date: string;
        };
        Update: {
          clinic_id?: string;
          created_at?: string;
          from_date?: string;
          id?: string;
          reason?: string;
          until_date?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'clinic_closures_clinic_id_fkey';
            columns: ['clinic_id'];
            isOneToOne: false;
            referencedRelation: 'clinics';
            referencedColumns: ['id'];
          }
        ];
      };
      clinic_staff: {
        Row: {
          clinic_id: string;
          created_at: string;
          id: string;
          name: string;
          phone: string;
          role: string;
          updated_at: string;
          user_id: string | null;
          vacated_at: string | null;
        };
        ComputedFields: never;
        Insert: {
          clinic_id: string;
          created_at?: string;
          id?: string;
          name: string;
          phone: string;
          role?: string;
          updated_at?: string;
          user_id?: string | null;
          vacated_at?: string | null;
        };
        Update: {
          clinic_id?: string;
          created_at?: string;
          id?: string;
          name?: string;
          phone?: string;
          role?: string;
          updated_at?: string;
          user_id?: string | null;
          vacated_at?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: 'clinic_staff_clinic_id_fkey';
            columns: ['clinic_id'];
            isOneToOne: false;
            referencedRelation: 'clinics';
            referencedColumns: ['id'];
          }
        ];
      };
      clinics: {
        Row: {
          address: string;
          booking_horizon_days: number;
          created_at: string;
          id: string;
          locale: string;
          max_active_bookings: number;
          max_unproven_bookings: number;
          name: string;
          new_callers_per_hour: number;
          other_locales: string[];
          phone: string;
          phone_booking: string;
          quiet_from: string | null;
          quiet_until: string | null;
          reception_closes: string | null;
          reception_days: number[];
          reception_opens: string | null;
          reception_phone: string | null;
          reminder_day_before: boolean;
          reminder_hours_before: number | null;
          time_zone: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          address?: string;
          booking_horizon_days?: number;
          created_at?: string;
          id?: string;
          locale?: string;
          max_active_bookings?: number;
          max_unproven_bookings?: number;
          name: string;
          new_callers_per_hour?: number;
          other_locales?: string[];
          phone: string;
          phone_booking?: string;
          quiet_from?: string | null;
          quiet_until?: string | null;
          reception_closes?: string | null;
          reception_days?: number[];
          reception_opens?: string | null;
          reception_phone?: string | null;
          reminder_day_before?: boolean;
          reminder_hours_before?: number | null;
          time_zone?: string;
          updated_at?: string;
        };
        Update: {
          address?: string;
          booking_horizon_days?: number;
          created_at?: string;
          id?: string;
          locale?: string;
          max_active_bookings?: number;
          max_unproven_bookings?: number;
          name?: string;
          new_callers_per_hour?: number;
          other_locales?: string[];
          phone?: string;
          phone_booking?: string;
          quiet_from?: string | null;
          quiet_until?: string | null;
          reception_closes?: string | null;
          reception_days?: number[];
          reception_opens?: string | null;
          reception_phone?: string | null;
          reminder_day_before?: boolean;
          reminder_hours_before?: number | null;
          time_zone?: string;
          updated_at?: string;
        };
        Relationships: [];
      };
      day_operations: {
        Row: {
          actor_id: string | null;
          clinic_id: string;
          done_at: string;
          from_time: string | null;
          id: string;
          kind: string;
          minutes: number | null;
          on_date: string;
          only_stranded: boolean;
          outcome: Database['public']['CompositeTypes']['day_plan'][];
          practitioner_id: string | null;
          reason: string;
          to_practitioner_id: string | null;
          until_date: string;
        };
        ComputedFields: never;
        Insert: {
          actor_id?: string | null;
          clinic_id: string;
          done_at?: string;
          from_time?: string | null;
          id?: string;
          kind: string;
          minutes?: number | null;
          on_date: string;
          only_stranded: boolean;
          outcome: Database['public']['CompositeTypes']['day_plan'][];
          practitioner_id?: string | null;
          reason?: string;
          to_practitioner_id?: string | null;
          until_date: string;
        };
        Update: {
          actor_id?: string | null;
          clinic_id?: string;
          done_at?: string;
          from_time?: string | null;
          id?: string;
          kind?: string;
          minutes?: number | null;
          on_date?: string;
          only_stranded?: boolean;
          outcome?: Database['public']['CompositeTypes']['day_plan'][];
          practitioner_id?: string | null;
          reason?: string;
          to_practitioner_id?: string | null;
          until_date?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'day_operations_clinic_id_fkey';
            columns: ['clinic_id'];
            isOneToOne: false;
            referencedRelation: 'clinics';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'day_operations_practitioner_id_fkey';
            columns: ['practitioner_id'];
            isOneToOne: false;
            referencedRelation: 'practitioners';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'day_operations_to_practitioner_id_fkey';
            columns: ['to_practitioner_id'];
            isOneToOne: false;
            referencedRelation: 'practitioners';
            referencedColumns: ['id'];
          }
        ];
      };
      dependents: {
        Row: {
          birth_year: number | null;
          created_at: string;
          id: string;
          name: string | null;
          patient_id: string;
          removed_at: string | null;
        };
        ComputedFields: never;
        Insert: {
          birth_year?: number | null;
          created_at?: string;
          id?: string;
          name?: string | null;
          patient_id?: string;
          removed_at?: string | null;
        };
        Update: {
          birth_year?: number | null;
          created_at?: string;
          id?: string;
          name?: string | null;
          patient_id?: string;
          removed_at?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: 'dependents_patient_id_fkey';
            columns: ['patient_id'];
            isOneToOne: false;
            referencedRelation: 'patients';
            referencedColumns: ['id'];
          }
        ];
      };
      ivr_calls: {
        Row: {
          call_id: string;
          caller: string | null;
          clinic_id: string | null;
          created_at: string;
          duration_seconds: number | null;
          ended_at: string | null;
          id: string;
          last_step_at: string;
          outcome: string;
          patient_id: string | null;
          started_at: string;
          steps: NonNullable<Json>;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          call_id: string;
          caller?: string | null;
          clinic_id?: string | null;
          created_at?: string;
          duration_seconds?: never;
          ended_at?: string | null;
          id?: string;
          last_step_at: string;
          outcome: string;
          patient_id?: string | null;
          started_at?: string;
          steps?: NonNullable<Json>;
          updated_at?: string;
        };
        Update: {
          call_id?: string;
          caller?: string | null;
          clinic_id?: string | null;
          created_at?: string;
          duration_seconds?: never;
          ended_at?: string | null;
          id?: string;
          last_step_at?: string;
          outcome?: string;
          patient_id?: string | null;
          started_at?: string;
          steps?: NonNullable<Json>;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'ivr_calls_clinic_id_fkey';
            columns: ['clinic_id'];
            isOneToOne: false;
            referencedRelation: 'clinics';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'ivr_calls_patient_id_fkey';
            columns: ['patient_id'];
            isOneToOne: false;
            referencedRelation: 'patients';
            referencedColumns: ['id'];
          }
        ];
      };
      limits: {
        Row: {
          by: string;
          max: number;
          mode: string;
          seconds: number;
          what: string;
          why: string;
        };
        ComputedFields: never;
        Insert: {
          by: string;
          max: number;
          mode?: string;
          seconds: number;
          what: string;
          why?: string;
        };
        Update: {
          by?: string;
          max?: number;
          mode?: string;
          seconds?: number;
          what?: string;
          why?: string;
        };
        Relationships: [];
      };
      patients: {
        Row: {
          account_origin: string | null;
          age: number | null;
          created_at: string;
          id: string;
          locale: string | null;
          name: string | null;
          phone: string | null;
          updated_at: string;
          user_id: string | null;
          username: string | null;
        };
        ComputedFields: never;
        Insert: {
          account_origin?: string | null;
          age?: number | null;
          created_at?: string;
          id?: string;
          locale?: string | null;
          name?: string | null;
          phone?: string | null;
          updated_at?: string;
          user_id?: string | null;
          username?: string | null;
        };
        Update: {
          account_origin?: string | null;
          age?: number | null;
          created_at?: string;
          id?: string;
          locale?: string | null;
          name?: string | null;
          phone?: string | null;
          updated_at?: string;
          user_id?: string | null;
          username?: string | null;
        };
        Relationships: [];
      };
      practitioners: {
        Row: {
          active: boolean;
          clinic_id: string;
          created_at: string;
          fee_amount: number | null;
          fee_currency: string;
          id: string;
          languages: string[];
          name: string;
          photo_url: string | null;
          qualification: string | null;
          specialty: string;
          spoken_name: string | null;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          active?: boolean;
          clinic_id: string;
          created_at?: string;
          fee_amount?: number | null;
          fee_currency?: string;
          id?: string;
          languages?: string[];
          name: string;
          photo_url?: string | null;
          qualification?: string | null;
          specialty: string;
          spoken_name?: string | null;
          updated_at?: string;
        };
        Update: {
          active?: boolean;
          clinic_id?: string;
          created_at?: string;
          fee_amount?: number | null;
          fee_currency?: string;
          id?: string;
          languages?: string[];
          name?: string;
          photo_url?: string | null;
          qualification?: string | null;
          specialty?: string;
          spoken_name?: string | null;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'practitioners_clinic_id_fkey';
            columns: ['clinic_id'];
            isOneToOne: false;
            referencedRelation: 'clinics';
            referencedColumns: ['id'];
          }
        ];
      };
      schedule_exceptions: {
        Row: {
          created_at: string;
          end_time: string | null;
          id: string;
          on_date: string;
          practitioner_id: string;
          reason: string;
          slot_minutes: number;
          start_time: string | null;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          end_time?: string | null;
          id?: string;
          on_date: string;
          practitioner_id: string;
          reason?: string;
          slot_minutes?: number;
          start_time?: string | null;
          updated_at?: string;
        };
        Update: {
          created_at?: string;
          end_time?: string | null;
          id?: string;
          on_date?: string;
          practitioner_id?: string;
          reason?: string;
          slot_minutes?: number;
          start_time?: string | null;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'schedule_exceptions_practitioner_id_fkey';
            columns: ['practitioner_id'];
            isOneToOne: false;
            referencedRelation: 'practitioners';
            referencedColumns: ['id'];
          }
        ];
      };
      schedules: {
        Row: {
          created_at: string;
          end_time: string;
          id: string;
          practitioner_id: string;
          slot_minutes: number;
          start_time: string;
          updated_at: string;
          weekday: number;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          end_time: string;
          id?: string;
          practitioner_id: string;
          slot_minutes?: number;
          start_time: string;
          updated_at?: string;
          weekday: number;
        };
        Update: {
          created_at?: string;
          end_time?: string;
          id?: string;
          practitioner_id?: string;
          slot_minutes?: number;
          start_time?: string;
          updated_at?: string;
          weekday?: number;
        };
        Relationships: [
          {
            foreignKeyName: 'schedules_practitioner_id_fkey';
            columns: ['practitioner_id'];
            isOneToOne: false;
            referencedRelation: 'practitioners';
            referencedColumns: ['id'];
          }
        ];
      };
      security_events: {
        Row: {
          client: string;
          count: number;
          hour: string;
          kind: string;
          latest_at: string;
          phone: string;
        };
        ComputedFields: never;
        Insert: {
          client?: string;
          count?: number;
          hour: string;
          kind: string;
          latest_at?: string;
          phone?: string;
        };
        Update: {
          client?: string;
          count?: number;
          hour?: string;
          kind?: string;
          latest_at?: string;
          phone?: string;
        };
        Relationships: [];
      };
      security_settings: {
        Row: {
          alert_phone: string | null;
          alert_url: string | null;
          calls_days: number;
          changes_per_hour: number;
          created_at: string;
          dormant_days: number;
          events_days: number;
          events_per_hour: number;
          id: boolean;
          new_device_sms_a_day: number;
          reference_tries_per_day: number;
          session_days: number;
          session_idle_days: number;
          sms_days: number;
          updated_at: string;
          wrong_codes_a_day: number;
        };
        ComputedFields: never;
        Insert: {
          alert_phone?: string | null;
          alert_url?: string | null;
          calls_days?: number;
          changes_per_hour?: number;
          created_at?: string;
          dormant_days?: number;
          events_days?: number;
          events_per_hour?: number;
          id?: boolean;
          new_device_sms_a_day?: number;
          reference_tries_per_day?: number;
          session_days?: number;
          session_idle_days?: number;
          sms_days?: number;
          updated_at?: string;
          wrong_codes_a_day?: number;
        };
        Update: {
          alert_phone?: string | null;
          alert_url?: string | null;
          calls_days?: number;
          changes_per_hour?: number;
          created_at?: string;
          dormant_days?: number;
          events_days?: number;
          events_per_hour?: number;
          id?: boolean;
          new_device_sms_a_day?: number;
          reference_tries_per_day?: number;
          session_days?: number;
          session_idle_days?: number;
          sms_days?: number;
          updated_at?: string;
          wrong_codes_a_day?: number;
        };
        Relationships: [];
      };
      sms_messages: {
        Row: {
          appointment_id: string | null;
          attempts: number;
          body: string;
          budget_percent: number;
          counted_at: string | null;
          created_at: string;
          dedupe_key: string | null;
          delivered_at: string | null;
          expires_at: string | null;
          id: string;
          last_error: string | null;
          locale: string;
          next_attempt_at: string;
          outcome_unknown: boolean;
          parts: number;
          patient_id: string | null;
          priority: number;
          provider_id: string | null;
          report_token: string;
          reported_at: string | null;
          secret: boolean;
          sent_at: string | null;
          status: string;
          template: string;
          to_phone: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          appointment_id?: string | null;
          attempts?: number;
          body: string;
          budget_percent?: never;
          counted_at?: string | null;
          created_at?: string;
          dedupe_key?: string | null;
          delivered_at?: string | null;
          expires_at?: string | null;
          id?: string;
          last_error?: string | null;
          locale?: string;
          next_attempt_at?: string;
          outcome_unknown?: boolean;
          parts: number;
          patient_id?: string | null;
          priority?: never;
          provider_id?: string | null;
          report_token?: string;
          reported_at?: string | null;
          secret?: boolean;
          sent_at?: string | null;
          status?: string;
          template: string;
          to_phone: string;
          updated_at?: string;
        };
        Update: {
          appointment_id?: string | null;
          attempts?: number;
          body?: string;
          budget_percent?: never;
          counted_at?: string | null;
          created_at?: string;
          dedupe_key?: string | null;
          delivered_at?: string | null;
          expires_at?: string | null;
          id?: string;
          last_error?: string | null;
          locale?: string;
          next_attempt_at?: string;
          outcome_unknown?: boolean;
          parts?: number;
          patient_id?: string | null;
          priority?: never;
          provider_id?: string | null;
          report_token?: string;
          reported_at?: string | null;
          secret?: boolean;
          sent_at?: string | null;
          status?: string;
          template?: string;
          to_phone?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'sms_messages_appointment_id_fkey';
            columns: ['appointment_id'];
            isOneToOne: false;
            referencedRelation: 'appointments';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'sms_messages_patient_id_fkey';
            columns: ['patient_id'];
            isOneToOne: false;
            referencedRelation: 'patients';
            referencedColumns: ['id'];
          }
        ];
      };
      sms_opt_outs: {
        Row: {
          created_at: string;
          id: string;
          phone: string;
          reason: string;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          id?: string;
          phone: string;
          reason?: string;
        };
        Update: {
          created_at?: string;
          id?: string;
          phone?: string;
          reason?: string;
        };
        Relationships: [];
      };
      sms_past: {
        Row: {
          day: string;
          messages: number;
          parts: number;
          template: string;
        };
        ComputedFields: never;
        Insert: {
          day: string;
          messages: number;
          parts: number;
          template: string;
        };
        Update: {
          day?: string;
          messages?: number;
          parts?: number;
          template?: string;
        };
        Relationships: [];
      };
      sms_settings: {
        Row: {
          budget_alert_percent: number;
          created_at: string;
          currency: string;
          daily_cap: number | null;
          id: boolean;
          part_price: number | null;
          parts_per_day: number | null;
          parts_per_hour: number | null;
          sending: boolean;
          site_url: string | null;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          budget_alert_percent?: number;
          created_at?: string;
          currency?: string;
          daily_cap?: number | null;
          id?: boolean;
          part_price?: number | null;
          parts_per_day?: number | null;
          parts_per_hour?: number | null;
          sending?: boolean;
          site_url?: string | null;
          updated_at?: string;
        };
        Update: {
          budget_alert_percent?: number;
          created_at?: string;
          currency?: string;
          daily_cap?: number | null;
          id?: boolean;
          part_price?: number | null;
          parts_per_day?: number | null;
          parts_per_hour?: number | null;
          sending?: boolean;
          site_url?: string | null;
          updated_at?: string;
        };
        Relationships: [];
      };
      sms_templates: {
        Row: {
          body: string;
          created_at: string;
          default_body: string;
          description: string;
          key: string;
          locale: string;
          placeholders: string[];
          required: string[];
          samples: NonNullable<Json>;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          body: string;
          created_at?: string;
          default_body: string;
          description?: string;
          key: string;
          locale?: string;
          placeholders?: string[];
          required: string[];
          samples: NonNullable<Json>;
          updated_at?: string;
        };
        Update: {
          body?: string;
          created_at?: string;
          default_body?: string;
          description?: string;
          key?: string;
          locale?: string;
          placeholders?: string[];
          required?: string[];
          samples?: NonNullable<Json>;
          updated_at?: string;
        };
        Relationships: [];
      };
      translations: {
        Row: {
          address: string | null;
          clinic_id: string | null;
          created_at: string;
          id: string;
          locale: string;
          name: string;
          spoken_as: string | null;
          translation: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          address?: string | null;
          clinic_id?: string | null;
          created_at?: string;
          id?: string;
          locale: string;
          name: string;
          spoken_as?: string | null;
          translation: string;
          updated_at?: string;
        };
        Update: {
          address?: string | null;
          clinic_id?: string | null;
          created_at?: string;
          id?: string;
          locale?: string;
          name?: string;
          spoken_as?: string | null;
          translation?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'translations_clinic_id_fkey';
            columns: ['clinic_id'];
            isOneToOne: false;
            referencedRelation: 'clinics';
            referencedColumns: ['id'];
          }
        ];
      };
    };
    Views: {
      audit_trail: {
        Row: {
          action: string;
          actor: string | null;
          actor_id: string | null;
          changes: NonNullable<Json>;
          channel: string;
          id: number;
          occurred_at: string;
          row_id: string;
          table_name: string;
        };
        ComputedFields: never;
        Insert: {
          action?: string | null;
          actor?: never;
          actor_id?: string | null;
          changes?: Json | null;
          channel?: string | null;
          id?: number | null;
          occurred_at?: string | null;
          row_id?: string | null;
          table_name?: string | null;
        };
        Update: {
          action?: string | null;
          actor?: never;
          actor_id?: string | null;
          changes?: Json | null;
          channel?: string | null;
          id?: number | null;
          occurred_at?: string | null;
          row_id?: string | null;
          table_name?: string | null;
        };
        Relationships: [];
      };
      desk_numbers: {
        Row: {
          booked: number | null;
          came: number | null;
          cancelled: number | null;
          channel: string | null;
          clinic_id: string | null;
          currency: string | null;
          day: string | null;
          noshow: number | null;
          seen: number | null;
          sms_cost: number | null;
          sms_parts: number | null;
          wait_minutes: number | null;
          waited: number | null;
        };
        ComputedFields: never;
        Relationships: [];
      };
      phone_bookings: {
        Row: {
          asked_for_proof: number | null;
          bookings: number | null;
          by_new_phones: number | null;
          calls: number | null;
          clinic: string;
          clinic_id: string | null;
          hour: string | null;
          proved: number | null;
        };
        ComputedFields: never;
        Relationships: [
          {
            foreignKeyName: 'ivr_calls_clinic_id_fkey';
            columns: ['clinic_id'];
            isOneToOne: false;
            referencedRelation: 'clinics';
            referencedColumns: ['id'];
          }
        ];
      };
      security_clients: {
        Row: {
          client: string;
          events: number | null;
          kinds: Json | null;
          latest_at: string | null;
          phones: number | null;
        };
        ComputedFields: never;
        Relationships: [];
      };
      security_phones: {
        Row: {
          clients: number | null;
          events: number | null;
          kinds: Json | null;
          latest_at: string | null;
          phone: string;
        };
        ComputedFields: never;
        Relationships: [];
      };
      security_today: {
        Row: {
          clients: number | null;
          kind: string;
          last_day: number | null;
          latest_at: string | null;
          phones: number | null;
          this_hour: number | null;
          usual_day: number | null;
        };
        ComputedFields: never;
        Relationships: [];
      };
      sms_budget: {
        Row: {
          allowed: number | null;
          free: number | null;
          period: string | null;
          used: number | null;
          waiting: number | null;
        };
        ComputedFields: never;
        Relationships: [];
      };
      sms_cost: {
        Row: {
          cost: number | null;
          day: string | null;
          messages: number | null;
          parts: number | null;
          template: string | null;
        };
        ComputedFields: never;
        Relationships: [];
      };
      sms_failures: {
        Row: {
          appointment_id: string | null;
          attempts: number;
          failed_at: string;
          id: string;
          reason: string | null;
          secret: boolean;
          template: string;
          to_phone: string;
          what: string | null;
        };
        ComputedFields: never;
        Insert: {
          appointment_id?: string | null;
          attempts?: number | null;
          failed_at?: string | null;
          id?: string | null;
          reason?: string | null;
          secret?: boolean | null;
          template?: string | null;
          to_phone?: string | null;
          what?: never;
        };
        Update: {
          appointment_id?: string | null;
          attempts?: number | null;
          failed_at?: string | null;
          id?: string | null;
          reason?: string | null;
          secret?: boolean | null;
          template?: string | null;
          to_phone?: string | null;
          what?: never;
        };
        Relationships: [
          {
            foreignKeyName: 'sms_messages_appointment_id_fkey';
            columns: ['appointment_id'];
            isOneToOne: false;
            referencedRelation: 'appointments';
            referencedColumns: ['id'];
          }
        ];
      };
      sms_queue: {
        Row: {
          attempts: number;
          created_at: string;
          expires_at: string | null;
          id: string;
          last_error: string | null;
          next_attempt_at: string;
          outcome_unknown: boolean;
          status: string;
          template: string;
          to_phone: string;
        };
        ComputedFields: never;
        Insert: {
          attempts?: number | null;
          created_at?: string | null;
          expires_at?: string | null;
          id?: string | null;
          last_error?: string | null;
          next_attempt_at?: string | null;
          outcome_unknown?: boolean | null;
          status?: string | null;
          template?: string | null;
          to_phone?: string | null;
        };
        Update: {
          attempts?: number | null;
          created_at?: string | null;
          expires_at?: string | null;
          id?: string | null;
          last_error?: string | null;
          next_attempt_at?: string | null;
          outcome_unknown?: boolean | null;
          status?: string | null;
          template?: string | null;
          to_phone?: string | null;
        };
        Relationships: [];
      };
      sms_template_previews: {
        Row: {
          description: string;
          edited: boolean | null;
          encoding: string | null;
          key: string;
          locale: string;
          parts: number | null;
          parts_for_dependent: number | null;
          places: number | null;
          preview: string | null;
        };
        ComputedFields: never;
        Relationships: [];
      };
      sms_today: {
        Row: {
          latest: string | null;
          messages: number | null;
          parts: number | null;
          status: string;
          template: string;
        };
        ComputedFields: never;
        Relationships: [];
      };
      stranded_appointments: {
        Row: {
          appointment_id: string | null;
          clinic_id: string | null;
          ends_at: string | null;
          on_date: string | null;
          patient: string | null;
          patient_id: string | null;
          phone_end: string | null;
          practitioner: string | null;
          practitioner_id: string | null;
          starts_at: string | null;
          token_number: number | null;
        };
        ComputedFields: never;
        Relationships: [];
      };
    };
    Functions: {
      account_status: {
        Args: Record<PropertyKey, never>;
        Returns: {
          must_change_password: boolean;
          patient_id: string;
          phone: string;
          user_id: string;
          username: string;
          works_at_desk: boolean;
        }[];
      };
      available_days: {
        Args: {
          clinic_id: string;
          days?: number;
          from_date?: string;
          practitioner_id?: string;
          specialty?: string;
        };
        Returns: {
          free: number;
          on_date: string;
          open: boolean;
          over: boolean;
        }[];
      };
      available_slots: {
        Args: { on_date: string; practitioner_id: string };
        Returns: {
          ends_at: string;
          starts_at: string;
        }[];
      };
      available_slots_of_day: {
        Args: { clinic_id: string; on_date: string; practitioner_id?: string; specialty?: string };
        Returns: Database['public']['CompositeTypes']['slot'][];
        SetofOptions: {
          from: '*';
          to: 'slot';
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      board: {
        Args: { token: string };
        Returns: {
          channel: string;
          clinic: string;
          doctors: Json;
          on_date: string;
          time_zone: string;
        }[];
      };
      book_appointment: {
        Args: { dependent_id?: string; practitioner_id: string; starts_at: string };
        Returns: {
          active: boolean;
          arrived_at: string | null;
          call_id: string | null;
          called_at: string | null;
          cancelled_at: string | null;
          channel: string;
          clinic_id: string;
          confirmed_at: string | null;
          created_at: string;
          dependent_id: string | null;
          ends_at: string;
          id: string;
          local_date: string;
          note: string | null;
          outside_hours: boolean;
          patient_id: string;
          practitioner_id: string;
          reference: string;
          seen_at: string | null;
          starts_at: string;
          status: string;
          token_number: number;
          unproven: boolean;
          updated_at: string;
          version: number;
          waits_from: string | null;
        };
        SetofOptions: {
          from: '*';
          to: 'appointments';
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      bookable_practitioners: {
        Args: { clinic_id: string };
        Returns: {
          fee_amount: number;
          fee_currency: string;
          languages: string[];
          next_starts_at: string;
          photo_url: string;
          practitioner_id: string;
          practitioner_name: string;
          qualification: string;
          specialty: string;
        }[];
      };
      cancel_appointment: {
        Args: { appointment_id: string };
        Returns: {
          active: boolean;
          arrived_at: string | null;
          call_id: string | null;
          called_at: string | null;
          cancelled_at: string | null;
          channel: string;
          clinic_id: string;
          confirmed_at: string | null;
          created_at: string;
          dependent_id: string | null;
          ends_at: string;
          id: string;
          local_date: string;
          note: string | null;
          outside_hours: boolean;
          patient_id: string;
          practitioner_id: string;
          reference: string;
          seen_at: string | null;
          starts_at: string;
          status: string;
          token_number: number;
          unproven: boolean;
          updated_at: string;
          version: number;
          waits_from: string | null;
        };
        SetofOptions: {
          from: '*';
          to: 'appointments';
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      cancel_day: {
        Args: {
          from_time?: string;
          on_date: string;
          only_stranded?: boolean;
          operation_id?: string;
          practitioner_id: string;
          reason?: string;
          until_date?: string;
        };
        Returns: Database['public']['CompositeTypes']['day_plan'][];
        SetofOptions: {
          from: '*';
          to: 'day_plan';
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      change_patient_phone: {
        Args: { patient_id: string; phone: string };
        Returns: {
          account_origin: string | null;
          age: number | null;
          created_at: string;
          id: string;
          locale: string | null;
          name: string | null;
          phone: string | null;
          updated_at: string;
          user_id: string | null;
          username: string | null;
        };
        SetofOptions: {
          from: '*';
          to: 'patients';
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      close_clinic: {
        Args: {
          clinic_id: string;
          from_date: string;
          operation_id?: string;
          reason?: string;
          until_date: string;
        };
        Returns: Database['public']['CompositeTypes']['day_plan'][];
        SetofOptions: {
          from: '*';
          to: 'day_plan';
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      confirm_appointment: {
        Args: { appointment_id: string };
        Returns: {
          active: boolean;
          arrived_at: string | null;
          call_id: string | null;
          called_at: string | null;
          cancelled_at: string | null;
          channel: string;
          clinic_id: string;
          confirmed_at: string | null;
          created_at: string;
          dependent_id: string | null;
          ends_at: string;
          id: string;
          local_date: string;
          note: string | null;
          outside_hours: boolean;
          patient_id: string;
          practitioner_id: string;
          reference: string;
          seen_at: string | null;
          starts_at: string;
          status: string;
          token_number: number;
          unproven: boolean;
          updated_at: string;
          version: number;
          waits_from: string | null;
        };
        SetofOptions: {
          from: '*';
          to: 'appointments';
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      confirm_phone_owner: { Args: { phone: string }; Returns: undefined };
      day_outcome: {
        Args: { operation_id: string };
        Returns: Database['public']['CompositeTypes']['day_preview'][];
        SetofOptions: {
          from: '*';
          to: 'day_preview';
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      desk_book: {
        Args: {
          birth_year?: number;
          dependent_id?: string;
          dependent_name?: string;
          name?: string;
          patient_id?: string;
          phone?: string;
          practitioner_id: string;
          starts_at?: string;
        };
        Returns: {
          active: boolean;
          arrived_at: string | null;
          call_id: string | null;
          called_at: string | null;
          cancelled_at: string | null;
          channel: string;
          clinic_id: string;
          confirmed_at: string | null;
          created_at: string;
          dependent_id: string | null;
          ends_at: string;
          id: string;
          local_date: string;
          note: string | null;
          outside_hours: boolean;
          patient_id: string;
          practitioner_id: string;
          reference: string;
          seen_at: string | null;
          starts_at: string;
          status: string;
          token_number: number;
          unproven: boolean;
          updated_at: string;
          version: number;
          waits_from: string | null;
        };
        SetofOptions: {
          from: '*';
          to: 'appointments';
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      desk_cancel: {
        Args: { appointment_id: string; reason?: string };
        Returns: {
          active: boolean;
          arrived_at: string | null;
          call_id: string | null;
          called_at: string | null;
          cancelled_at: string | null;
          channel: string;
          clinic_id: string;
          confirmed_at: string | null;
          created_at: string;
          dependent_id: string | null;
          ends_at: string;
          id: string;
          local_date: string;
          note: string | null;
          outside_hours: boolean;
          patient_id: string;
          practitioner_id: string;
          reference: string;
          seen_at: string | null;
          starts_at: string;
          status: string;
          token_number: number;
          unproven: boolean;
          updated_at: string;
          version: number;
          waits_from: string | null;
        };
        SetofOptions: {
          from: '*';
          to: 'appointments';
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      desk_confirm: {
        Args: { appointment_id: string; confirmed?: boolean };
        Returns: {
          active: boolean;
          arrived_at: string | null;
          call_id: string | null;
          called_at: string | null;
          cancelled_at: string | null;
          channel: string;
          clinic_id: string;
          confirmed_at: string | null;
          created_at: string;
          dependent_id: string | null;
          ends_at: string;
          id: string;
          local_date: string;
          note: string | null;
          outside_hours: boolean;
          patient_id: string;
          practitioner_id: string;
          reference: string;
          seen_at: string | null;
          starts_at: string;
          status: string;
          token_number: number;
          unproven: boolean;
          updated_at: string;
          version: number;
          waits_from: string | null;
        };
        SetofOptions: {
          from: '*';
          to: 'appointments';
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      desk_day: {
        Args: { clinic_id: string; on_date: string };
        Returns: {
          appointment_id: string;
          arrived_at: string;
          birth_year: number;
          called_at: string;
          channel: string;
          confirmed_at: string;
          dependent_id: string;
          ends_at: string;
          holder_name: string;
          name: string;
          note: string;
          patient_id: string;
          phone_end: string;
          practitioner_id: string;
          practitioner_name: string;
          seen_at: string;
          starts_at: string;
          status: string;
          token_number: number;
          version: number;
          waits_from: string;
          walk_in: boolean;
        }[];
      };
      desk_find: {
        Args: { clinic_id: string; words: string };
        Returns: {
          dependents: Json;
          has_account: boolean;
          last_at: string;
          merged_into: string;
          name: string;
          next_at: string;
          patient_id: string;
          phone_end: string;
        }[];
      };
      desk_free_slots: {
        Args: { clinic_id: string; from_date: string; until_date: string };
        Returns: {
          day: string;
          free: number;
        }[];
      };
      desk_mark: {
        Args: { appointment_id: string; step: string };
        Returns: {
          active: boolean;
          arrived_at: string | null;
          call_id: string | null;
          called_at: string | null;
          cancelled_at: string | null;
          channel: string;
          clinic_id: string;
          confirmed_at: string | null;
          created_at: string;
          dependent_id: string | null;
          ends_at: string;
          id: string;
          local_date: string;
          note: string | null;
          outside_hours: boolean;
          patient_id: string;
          practitioner_id: string;
          reference: string;
          seen_at: string | null;
          starts_at: string;
          status: string;
          token_number: number;
          unproven: boolean;
          updated_at: string;
          version: number;
          waits_from: string | null;
        };
        SetofOptions: {
          from: '*';
          to: 'appointments';
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      desk_move: {
        Args: { appointment_id: string; practitioner_id: string; starts_at: string };
        Returns: {
          active: boolean;
          arrived_at: string | null;
          call_id: string | null;
          called_at: string | null;
          cancelled_at: string | null;
          channel: string;
          clinic_id: string;
          confirmed_at: string | null;
          created_at: string;
          dependent_id: string | null;
          ends_at: string;
          id: string;
          local_date: string;
          note: string | null;
          outside_hours: boolean;
          patient_id: string;
          practitioner_id: string;
          reference: string;
          seen_at: string | null;
          starts_at: string;
          status: string;
          token_number: number;
          unproven: boolean;
          updated_at: string;
          version: number;
          waits_from: string | null;
        };
        SetofOptions: {
          from: '*';
          to: 'appointments';
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      desk_note: {
        Args: { appointment_id: string; note: string; was?: string };
        Returns: {
          active: boolean;
          arrived_at: string | null;
          call_id: string | null;
          called_at: string | null;
          cancelled_at: string | null;
          channel: string;
          clinic_id: string;
          confirmed_at: string | null;
          created_at: string;
          dependent_id: string | null;
          ends_at: string;
          id: string;
          local_date: string;
          note: string | null;
          outside_hours: boolean;
          patient_id: string;
          practitioner_id: string;
          reference: string;
          seen_at: string | null;
          starts_at: string;
          status: string;
          token_number: number;
          unproven: boolean;
          updated_at: string;
          version: number;
          waits_from: string | null;
        };
        SetofOptions: {
          from: '*';
          to: 'appointments';
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      desk_numbers_between: {
        Args: { clinic_id: string; from_date: string; until_date: string };
        Returns: {
          booked: number;
          came: number;
          cancelled: number;
          channel: string;
          currency: string;
          day: string;
          noshow: number;
          seen: number;
          sms_cost: number;
          sms_parts: number;
          wait_minutes: number;
          waited: number;
        }[];
      };
      desk_patient: { Args: { patient_id: string }; Returns: Json };
      desk_practitioners: {
        Args: { clinic_id: string };
        Returns: {
          active: boolean;
          fee_amount: number;
          fee_currency: string;
          languages: string[];
          last_on: string;
          name: string;
          next_on: string;
          photo_url: string;
          practitioner_id: string;
          qualification: string;
          specialty: string;
          spoken_name: string;
          upcoming: number;
        }[];
      };
      desk_prove: { Args: { code: string }; Returns: string };
      desk_resend: { Args: { sms_id: string }; Returns: undefined };
      desk_sessions: {
        Args: Record<PropertyKey, never>;
        Returns: {
          expires_at: string;
          is_current: boolean;
          name: string;
          proven_at: string;
          session_id: string;
          user_agent: string;
          user_id: string;
        }[];
      };
      desk_slots: {
        Args: {
          dependent_id?: string;
          instead_of?: string;
          on_date: string;
          patient_id?: string;
          practitioner_id: string;
        };
        Returns: {
          ends_at: string;
          starts_at: string;
        }[];
      };
      desk_sms_texts: {
        Args: Record<PropertyKey, never>;
        Returns: {
          body: string;
          description: string;
          edited: boolean;
          encoding: string;
          key: string;
          locale: string;
          may_edit: boolean;
          parts: number;
          parts_for_dependent: number;
          placeholders: string[];
          places: number;
          preview: string;
          required: string[];
        }[];
      };
      desk_start: {
        Args: Record<PropertyKey, never>;
        Returns: {
          code_length: number;
          expires_at: string;
        }[];
      };
      desk_status: {
        Args: Record<PropertyKey, never>;
        Returns: {
          clinic_id: string;
          clinic_name: string;
          name: string;
          open_until: string;
          role: string;
          time_zone: string;
        }[];
      };
      end_desk_session: { Args: { session_id: string }; Returns: boolean };
      hand_over_day: {
        Args: {
          from_time?: string;
          on_date: string;
          only_stranded?: boolean;
          operation_id?: string;
          practitioner_id: string;
          to_practitioner_id: string;
          until_date?: string;
        };
        Returns: Database['public']['CompositeTypes']['day_plan'][];
        SetofOptions: {
          from: '*';
          to: 'day_plan';
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      kept_days: {
        Args: Record<PropertyKey, never>;
        Returns: {
          calls_days: number;
          events_days: number;
          session_idle_days: number;
          sms_days: number;
        }[];
      };
      make_board: {
        Args: { clinic_id: string; name: string };
        Returns: {
          board_id: string;
          token: string;
        }[];
      };
      merge_patients: { Args: { gone_id: string; keep_id: string }; Returns: string };
      move_day: {
        Args: {
          from_time?: string;
          on_date: string;
          only_stranded?: boolean;
          operation_id?: string;
          practitioner_id: string;
          until_date?: string;
        };
        Returns: Database['public']['CompositeTypes']['day_plan'][];
        SetofOptions: {
          from: '*';
          to: 'day_plan';
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      my_sessions: {
        Args: Record<PropertyKey, never>;
        Returns: {
          created_at: string;
          id: string;
          is_current: boolean;
          refreshed_at: string;
          user_agent: string;
        }[];
      };
      names_in: {
        Args: { clinic_ids?: string[]; locale: string; names: string[] };
        Returns: {
          address: string;
          clinic_id: string;
          name: string;
          translation: string;
        }[];
      };
      nearest_slots: {
        Args: { limit?: number; practitioner_id: string; starts_at: string };
        Returns: Database['public']['CompositeTypes']['slot'][];
        SetofOptions: {
          from: '*';
          to: 'slot';
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      next_available_slots: {
        Args: { clinic_id: string; from_date?: string; limit?: number; specialty?: string };
        Returns: Database['public']['CompositeTypes']['slot'][];
        SetofOptions: {
          from: '*';
          to: 'slot';
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      permit_account_change: { Args: { minutes?: number; phone: string; what?: string }; Returns: string };
      preview_closure: {
        Args: { clinic_id: string; from_date: string; until_date: string };
        Returns: Database['public']['CompositeTypes']['day_preview'][];
        SetofOptions: {
          from: '*';
          to: 'day_preview';
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      preview_dates: {
        Args: { from_date: string; hours: Json; practitioner_id: string; until_date: string };
        Returns: Database['public']['CompositeTypes']['stranding'][];
        SetofOptions: {
          from: '*';
          to: 'stranding';
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      preview_day: {
        Args: {
          from_time?: string;
          minutes?: number;
          on_date: string;
          only_stranded?: boolean;
          practitioner_id: string;
          to_next?: boolean;
          to_practitioner_id?: string;
          until_date?: string;
        };
        Returns: Database['public']['CompositeTypes']['day_preview'][];
        SetofOptions: {
          from: '*';
          to: 'day_preview';
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      preview_merge: { Args: { gone_id: string; keep_id: string }; Returns: Json };
      preview_sms_text: {
        Args: { body: string; key: string; locale: string };
        Returns: {
          encoding: string;
          parts: number;
          parts_for_dependent: number;
          places: number;
          preview: string;
        }[];
      };
      preview_week: {
        Args: { practitioner_id: string; week: Json };
        Returns: Database['public']['CompositeTypes']['stranding'][];
        SetofOptions: {
          from: '*';
          to: 'stranding';
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      prove_reassignment: {
        Args: { holder_code?: string; phone_code: string; reassignment_id: string };
        Returns: Json;
      };
      queue_position: {
        Args: { appointment_id: string };
        Returns: {
          ahead: number;
          now_serving: number;
        }[];
      };
      reassign_dependent: { Args: { dependent_id: string; phone: string }; Returns: Json };
      reschedule_appointment: {
        Args: { appointment_id: string; starts_at: string };
        Returns: {
          active: boolean;
          arrived_at: string | null;
          call_id: string | null;
          called_at: string | null;
          cancelled_at: string | null;
          channel: string;
          clinic_id: string;
          confirmed_at: string | null;
          created_at: string;
          dependent_id: string | null;
          ends_at: string;
          id: string;
          local_date: string;
          note: string | null;
          outside_hours: boolean;
          patient_id: string;
          practitioner_id: string;
          reference: string;
          seen_at: string | null;
          starts_at: string;
          status: string;
          token_number: number;
          unproven: boolean;
          updated_at: string;
          version: number;
          waits_from: string | null;
        };
        SetofOptions: {
          from: '*';
          to: 'appointments';
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      restore_sms_template: {
        Args: { key: string; locale?: string };
        Returns: {
          body: string;
          created_at: string;
          default_body: string;
          description: string;
          key: string;
          locale: string;
          placeholders: string[];
          required: string[];
          samples: NonNullable<Json>;
          updated_at: string;
        };
        SetofOptions: {
          from: '*';
          to: 'sms_templates';
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
      revoke_board: { Args: { board_id: string }; Returns: undefined };
      set_dates: {
        Args: {
          from_date: string;
          hours: Json;
          may_strand?: string[];
          practitioner_id: string;
          reason?: string;
          until_date: string;
        };
        Returns: Database['public']['CompositeTypes']['stranding'][];
        SetofOptions: {
          from: '*';
          to: 'stranding';
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      set_sms_text: { Args: { body: string; key: string; locale: string }; Returns: undefined };
      set_translations: { Args: { clinic_id: string; locale: string; names: Json }; Returns: undefined };
      set_week: {
        Args: { may_strand?: string[]; practitioner_id: string; week: Json };
        Returns: Database['public']['CompositeTypes']['stranding'][];
        SetofOptions: {
          from: '*';
          to: 'stranding';
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      shift_day: {
        Args: {
          from_time: string;
          minutes: number;
          on_date: string;
          operation_id?: string;
          practitioner_id: string;
        };
        Returns: Database['public']['CompositeTypes']['day_plan'][];
        SetofOptions: {
          from: '*';
          to: 'day_plan';
          isOneToOne: false;
          isSetofReturn: true;
        };
      };
      sms_health: {
        Args: Record<PropertyKey, never>;
        Returns: {
          due: number;
          failed_last_hour: number;
          last_sent_at: string;
          oldest_seconds: number;
          queued: number;
          retrying: number;
          sending: boolean;
        }[];
      };
      undo_merge: { Args: { merge_id: string }; Returns: undefined };
      update_profile: {
        Args: { age?: number; locale?: string; name?: string; username?: string };
        Returns: {
          account_origin: string | null;
          age: number | null;
          created_at: string;
          id: string;
          locale: string | null;
          name: string | null;
          phone: string | null;
          updated_at: string;
          user_id: string | null;
          username: string | null;
        };
        SetofOptions: {
          from: '*';
          to: 'patients';
          isOneToOne: true;
          isSetofReturn: false;
        };
      };
    };
    Enums: {
      [_ in never]: never;
    };
    CompositeTypes: {
      day_plan: {
        appointment_id: string | null;
        patient_id: string | null;
        token_number: number | null;
        was_at: string | null;
        practitioner_id: string | null;
        starts_at: string | null;
        ends_at: string | null;
        why_not: string | null;
        waits: boolean | null;
      };
      day_preview: {
        appointment_id: string | null;
        patient_id: string | null;
        token_number: number | null;
        name: string | null;
        phone_end: string | null;
        can_be_texted: boolean | null;
        was_at: string | null;
        practitioner: string | null;
        starts_at: string | null;
        fits: boolean | null;
        why_not: string | null;
      };
      slot: {
        practitioner_id: string | null;
        practitioner_name: string | null;
        specialty: string | null;
        starts_at: string | null;
        ends_at: string | null;
      };
      stranding: {
        appointment_id: string | null;
        patient_id: string | null;
        name: string | null;
        phone_end: string | null;
        starts_at: string | null;
        token_number: number | null;
        already: boolean | null;
      };
    };
  };
};

type DatabaseWithoutInternals = Omit<Database, '__InternalSupabase'>;

type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, 'public'>];

export type Tables<
  DefaultSchemaTableNameOrOptions extends
    keyof (DefaultSchema['Tables'] & DefaultSchema['Views']) | { schema: keyof DatabaseWithoutInternals },
  TableName extends (DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Tables'] &
        DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Views'])
    : never) = never
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Tables'] &
      DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Views'])[TableName] extends {
      Row: infer R;
    }
    ? R
    : never
  : DefaultSchemaTableNameOrOptions extends keyof (DefaultSchema['Tables'] & DefaultSchema['Views'])
    ? (DefaultSchema['Tables'] & DefaultSchema['Views'])[DefaultSchemaTableNameOrOptions] extends {
        Row: infer R;
      }
      ? R
      : never
    : never;

export type TablesInsert<
  DefaultSchemaTableNameOrOptions extends
    keyof DefaultSchema['Tables'] | { schema: keyof DatabaseWithoutInternals },
  TableName extends (DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Tables']
    : never) = never
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Tables'][TableName] extends {
      Insert: infer I;
    }
    ? I
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema['Tables']
    ? DefaultSchema['Tables'][DefaultSchemaTableNameOrOptions] extends {
        Insert: infer I;
      }
      ? I
      : never
    : never;

export type TablesUpdate<
  DefaultSchemaTableNameOrOptions extends
    keyof DefaultSchema['Tables'] | { schema: keyof DatabaseWithoutInternals },
  TableName extends (DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Tables']
    : never) = never
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Tables'][TableName] extends {
      Update: infer U;
    }
    ? U
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema['Tables']
    ? DefaultSchema['Tables'][DefaultSchemaTableNameOrOptions] extends {
        Update: infer U;
      }
      ? U
      : never
    : never;

export type Enums<
  DefaultSchemaEnumNameOrOptions extends
    keyof DefaultSchema['Enums'] | { schema: keyof DatabaseWithoutInternals },
  EnumName extends (DefaultSchemaEnumNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions['schema']]['Enums']
    : never) = never
> = DefaultSchemaEnumNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions['schema']]['Enums'][EnumName]
  : DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema['Enums']
    ? DefaultSchema['Enums'][DefaultSchemaEnumNameOrOptions]
    : never;

export type CompositeTypes<
  PublicCompositeTypeNameOrOptions extends
    keyof DefaultSchema['CompositeTypes'] | { schema: keyof DatabaseWithoutInternals },
  CompositeTypeName extends (PublicCompositeTypeNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals;
  }
    ? keyof DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions['schema']]['CompositeTypes']
    : never) = never
> = PublicCompositeTypeNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions['schema']]['CompositeTypes'][CompositeTypeName]
  : PublicCompositeTypeNameOrOptions extends keyof DefaultSchema['CompositeTypes']
    ? DefaultSchema['CompositeTypes'][PublicCompositeTypeNameOrOptions]
    : never;

export const Constants = {
  public: {
    Enums: {}
  }
} as const;
