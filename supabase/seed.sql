-- A demo clinic. Never real patients.

insert into public.clinics (id, name, phone, time_zone, address, reception_phone) values
  ('c11c0000-0000-4000-8000-000000000001', 'Lakeside Clinic', '+914440001000', 'Asia/Kolkata',
   '12 Lake View Road, Nungambakkam, Chennai 600034', '+914440001001');

insert into public.practitioners (id, clinic_id, name, spoken_name, specialty) values
  ('d0c70000-0000-4000-8000-000000000001', 'c11c0000-0000-4000-8000-000000000001',
   'Dr. Anjali Rao', 'Doctor Anjali Rao', 'General medicine'),
  ('d0c70000-0000-4000-8000-000000000002', 'c11c0000-0000-4000-8000-000000000001',
   'Dr. Karthik Subramanian', 'Doctor Karthik Subramanian', 'General medicine'),
  ('d0c70000-0000-4000-8000-000000000003', 'c11c0000-0000-4000-8000-000000000001',
   'Dr. Meera Iyer', 'Doctor Meera Iyer', 'Paediatrics');

-- What patients see of them, before they choose.
update public.practitioners p
set qualification = d.qualification, languages = d.languages::text[], fee_amount = d.fee
from (values
  ('d0c70000-0000-4000-8000-000000000001', 'MBBS, MD', '{en,ta,te}', 500),
  ('d0c70000-0000-4000-8000-000000000002', 'MBBS, DNB', '{en,ta}', 450),
  ('d0c70000-0000-4000-8000-000000000003', 'MBBS, DCH', '{en,ta,hi}', 600)
) as d (id, qualification, languages, fee)
where p.id = d.id::uuid;

-- Mornings and evenings; Dr. Rao also sees patients on Sundays, Dr. Iyer on mornings only.
insert into public.schedules (practitioner_id, weekday, start_time, end_time, slot_minutes)
select p.id::uuid, day, h.start_time::time, h.end_time::time, h.slot_minutes
from (values
  ('d0c70000-0000-4000-8000-000000000001', 1, 7, '09:00', '13:00', 15),
  ('d0c70000-0000-4000-8000-000000000001', 1, 6, '16:30', '20:00', 15),
  ('d0c70000-0000-4000-8000-000000000002', 1, 6, '09:30', '12:30', 20),
  ('d0c70000-0000-4000-8000-000000000002', 1, 5, '17:00', '20:00', 20),
  ('d0c70000-0000-4000-8000-000000000003', 1, 6, '10:00', '13:00', 20)
) as h (id, first_day, last_day, start_time, end_time, slot_minutes)
cross join lateral (select h.id) p
cross join lateral generate_series(h.first_day, h.last_day) day;
