import { m } from '#lib/paraglide/messages.js';

/** When each SMS is sent; those about appointments first. */
const WHEN: Record<string, () => string> = {
  appointment_booked: m.desk_words_when_booked,
  appointment_moved: m.desk_words_when_moved,
  appointment_cancelled: m.desk_words_when_cancelled,
  appointment_cancelled_by_clinic: m.desk_words_when_cancelled_by_clinic,
  delayed: m.desk_words_when_delayed,
  handed_over: m.desk_words_when_handed_over,
  reminder_day_before: m.desk_words_when_day_before,
  reminder_hours_before: m.desk_words_when_hours_before,
  clock_corrected: m.desk_words_when_clock,
  ivr_link: m.desk_words_when_link,
  welcome: m.desk_words_when_welcome,
  ivr_synced: m.desk_words_when_synced,
  account_linked: m.desk_words_when_linked,
  code: m.desk_words_when_code,
  call_code: m.desk_words_when_call_code,
  phone_changed: m.desk_words_when_phone_changed,
  phone_moved_here: m.desk_words_when_phone_moved,
  password_changed: m.desk_words_when_password,
  signed_in_new_device: m.desk_words_when_device,
  alert: m.desk_words_when_alert
};
const KEYS = Object.keys(WHEN);

/** When an SMS is sent; one that was added in the dashboard says it in its own description. */
export const whenSent = ({ key, description }: { key: string; description: string }): string =>
  WHEN[key]?.() ?? description;

const place = ({ key }: { key: string }) => (KEYS.includes(key) ? KEYS.indexOf(key) : KEYS.length);

/** The texts by what they are for, each in its languages. */
export function byPurpose<Text extends { key: string }>(texts: readonly Text[]): Text[][] {
  return Object.values(Object.groupBy(texts, ({ key }) => key))
    .flatMap((group) => (group ? [group] : []))
    .toSorted(([a], [b]) => (a && b ? place(a) - place(b) : 0));
}
