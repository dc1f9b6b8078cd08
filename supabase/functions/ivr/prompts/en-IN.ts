import type { Language } from './prompts.ts';

/** Indian English. Short sentences, the choice before its key, times as people say them. */
export const english: Language = {
  code: 'en-IN',
  at: (now) => ({
    greeting: ({ clinic }) => `Welcome to ${clinic}.`,
    menu: ({ reception }) =>
      `To book the next available appointment, press 1. ${
        reception ? 'To speak to reception, press 0. ' : ''
      }To hear this again, press 9.`,
    specialties: ({ choices }) =>
      `${
        choices.map((choice, index) => `For ${choice}, press ${index + 1}.`).join(' ')
      } To go back, press star.`,
    offer: ({ spoken_name, starts_at, timeZone }) =>
      `The next available appointment is with ${spoken_name}, ${
        spokenTime(starts_at, now, timeZone)
      }. To book it, press 1. To hear it again, press 9. To go back, press star.`,
    justTaken: () => 'Sorry, that appointment was just taken.',
    nothingFree: () => 'Sorry, there is no free appointment in the coming weeks.',
    tooManyBookings: () =>
      'You already have as many appointments as this clinic allows. Please cancel one before you book another.',
    booked: ({ spoken_name, starts_at, timeZone, token_number }) =>
      `Your appointment is booked. ${spoken_name}, ${
        spokenTime(starts_at, now, timeZone)
      }. Your token number is ${digits(token_number)}. We are sending you an SMS with the details. Goodbye.`,
    cancelledMeanwhile: () => 'This appointment was cancelled. Please call again to book another. Goodbye.',
    notUnderstood: () => 'Sorry, that is not one of the choices.',
    transferring: () => 'We are connecting you to reception. Please hold.',
    numberWithheld: ({ clinic }) =>
      `Welcome to ${clinic}. Your phone hides its number, so we cannot book for you. Please call again without hiding it, or book on our website. Goodbye.`,
    notInService: () => 'This number does not take bookings at the moment. Goodbye.',
    goodbye: () => 'We did not hear a choice. Please call again when you are ready. Goodbye.',
    apology: () => 'Sorry, something went wrong on our side. Please call again in a few minutes. Goodbye.'
  })
};

/** Such as "tomorrow, Tuesday the 24th of November, at half past 10 in the morning". */
export function spokenTime(instant: Date, now: Date, timeZone: string): string {
  const part = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-IN', { timeZone, ...options }).format(instant);
  const daysAhead = dayNumber(instant, timeZone) - dayNumber(now, timeZone);
  const near = daysAhead === 0 ? 'today, ' : daysAhead === 1 ? 'tomorrow, ' : '';
  const date = `${part({ weekday: 'long' })} the ${ordinal(Number(part({ day: 'numeric' })))} of ${
    part({ month: 'long' })
  }`;
  return `${near === '' ? 'on ' : near}${date}, at ${clock(instant, timeZone)}`;
}

function clock(instant: Date, timeZone: string): string {
  const [hour = 0, minute = 0] = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit'
  })
    .format(instant)
    .split(':')
    .map(Number);
  if (hour === 12 && minute === 0) return '12 noon';
  const twelve = hour % 12 === 0 ? 12 : hour % 12;
  const spoken = minute === 0
    ? `${twelve} o'clock`
    : minute === 30
    ? `half past ${twelve}`
    : `${twelve} ${twoDigits(minute)}`;
  return `${spoken} ${hour < 12 ? 'in the morning' : hour < 17 ? 'in the afternoon' : 'in the evening'}`;
}

/** "oh 5" for five past, so that 10:05 is not heard as 15. */
function twoDigits(minute: number): string {
  return minute < 10 ? `oh ${minute}` : String(minute);
}

function ordinal(day: number): string {
  const suffix = { one: 'st', two: 'nd', few: 'rd', other: 'th', zero: 'th', many: 'th' };
  return `${day}${suffix[new Intl.PluralRules('en', { type: 'ordinal' }).select(day)]}`;
}

/** Days since the epoch of the calendar day it is in the time zone. */
function dayNumber(instant: Date, timeZone: string): number {
  const day = new Intl.DateTimeFormat('en-CA', { timeZone }).format(instant);
  return Date.parse(`${day}T00:00:00Z`) / 86_400_000;
}

/** Digit by digit: 12 is spoken "1 2". */
function digits(number: number): string {
  return [...String(number)].join(' ');
}
