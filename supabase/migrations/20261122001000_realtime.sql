-- Pages follow appointments live: each change is broadcast on the patient's own private channel, patient:<id>.

create function private.tg_appointments__broadcast() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  -- News, not truth: a page fetches again after every connection. So a failure here must not undo a booking.
  perform realtime.broadcast_changes(
    'patient:' || coalesce(new.patient_id, old.patient_id), tg_op, tg_op, tg_table_name, tg_table_schema, new, old
  );
  return null;
exception when others then
  raise warning 'Could not broadcast a change of an appointment: %', sqlerrm;
  return null;
end $$;
comment on function private.tg_appointments__broadcast() is
  'Tells the patient''s open pages of a change to an appointment.';

create trigger _900_broadcast after insert or update or delete on public.appointments
  for each row execute function private.tg_appointments__broadcast();

-- Only listening is allowed. There is no policy for sending: a patient's page has nothing to say.
create policy "Patients can listen to their own channel" on realtime.messages
  for select to authenticated using (
    extension = 'broadcast'
    and (select realtime.topic()) = 'patient:' || (select private.current_patient_id())
  );
