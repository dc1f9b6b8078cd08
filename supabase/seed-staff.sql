-- Who works at the desk of the demo clinic, with accounts that everybody knows the password of, and a board.

do $$
declare
  v_clinic constant uuid := 'c11c0000-0000-4000-8000-000000000001';
  v_person record;
begin
  for v_person in
    select * from (values
      ('5aff0000-0000-4000-8000-000000000001'::uuid, '+919000000201', 'priya', 'Priya Nair', 'manager'),
      ('5aff0000-0000-4000-8000-000000000002'::uuid, '+919000000202', 'ravi', 'Ravi Menon', 'desk')
    ) as p (id, phone, username, name, role)
  loop
    -- As if they had registered on the site.
    insert into private.registrations (id, phone, name, age, username)
    values (v_person.id, v_person.phone, v_person.name, 30, v_person.username);
    insert into auth.users (
      instance_id, id, aud, role, phone, encrypted_password, phone_confirmed_at, raw_app_meta_data, raw_user_meta_data,
      confirmation_token, recovery_token, email_change, email_change_token_new, email_change_token_current,
      phone_change, phone_change_token, reauthentication_token, created_at, updated_at
    ) values (
      '00000000-0000-0000-0000-000000000000', v_person.id, 'authenticated', 'authenticated', substr(v_person.phone, 2),
      extensions.crypt('three quiet lakes', extensions.gen_salt('bf', 10)), now(),
      jsonb_build_object('provider', 'phone', 'providers', array['phone'], 'registration', v_person.id), '{}',
      '', '', '', '', '', '', '', '', now(), now()
    );
    insert into auth.identities (provider_id, user_id, identity_data, provider, created_at, updated_at)
    values (
      v_person.id, v_person.id, jsonb_build_object('sub', v_person.id, 'phone', substr(v_person.phone, 2)), 'phone',
      now(), now()
    );
    insert into public.clinic_staff (clinic_id, phone, name, role)
    values (v_clinic, v_person.phone, v_person.name, v_person.role);
  end loop;
  -- Priya books for her family, too.
  insert into public.dependents (patient_id, name, birth_year)
  select p.id, f.name, f.birth_year
  from public.patients p cross join (values ('Anu Nair', 2016), ('Dev Nair', 2019), ('Leela Nair', 1952)) as f (name, birth_year)
  where p.username = 'priya';
  insert into public.boards (clinic_id, name, token_hash)
  values (v_clinic, 'Waiting room', private.board_hash('demo-demo-demo-demo'));
end $$;
