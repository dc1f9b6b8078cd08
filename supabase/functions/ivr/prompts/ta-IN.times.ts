/** Tamil for dates, times and numbers. Numbers are written as words, because voices read digits in many ways. */
import type { Reception } from '../facts.ts';
import { clockTime, dayOf, localTime, runsOf, turnOf } from './times.ts';

const weekdays = [
  'ஞாயிற்றுக்கிழமை',
  'திங்கட்கிழமை',
  'செவ்வாய்க்கிழமை',
  'புதன்கிழமை',
  'வியாழக்கிழமை',
  'வெள்ளிக்கிழமை',
  'சனிக்கிழமை'
] as const;
const months = [
  'ஜனவரி',
  'பிப்ரவரி',
  'மார்ச்',
  'ஏப்ரல்',
  'மே',
  'ஜூன்',
  'ஜூலை',
  'ஆகஸ்ட்',
  'செப்டம்பர்',
  'அக்டோபர்',
  'நவம்பர்',
  'டிசம்பர்'
] as const;
const smallNumbers = [
  'பூஜ்ஜியம்',
  'ஒன்று',
  'இரண்டு',
  'மூன்று',
  'நான்கு',
  'ஐந்து',
  'ஆறு',
  'ஏழு',
  'எட்டு',
  'ஒன்பது',
  'பத்து',
  'பதினொன்று',
  'பன்னிரண்டு',
  'பதின்மூன்று',
  'பதினான்கு',
  'பதினைந்து',
  'பதினாறு',
  'பதினேழு',
  'பதினெட்டு',
  'பத்தொன்பது'
] as const;
/** The tens, alone and as they begin a number; the endings 1 to 9 follow. */
const tens = [['இருபது', 'இருபத்'], ['முப்பது', 'முப்பத்'], ['நாற்பது', 'நாற்பத்'], ['ஐம்பது', 'ஐம்பத்']] as const;
const endings = [
  '',
  'தொன்று',
  'திரண்டு',
  'து மூன்று',
  'து நான்கு',
  'தைந்து',
  'தாறு',
  'தேழு',
  'தெட்டு',
  'தொன்பது'
] as const;
/** "One" of something counted is ஒரு. */
const hours = [...smallNumbers.slice(0, 1), 'ஒரு', ...smallNumbers.slice(2, 11), 'பதினொரு', 'பன்னிரண்டு'];
/** An hour and a half is one word. */
const halfHours = [
  '',
  'ஒன்றரை',
  'இரண்டரை',
  'மூன்றரை',
  'நான்கரை',
  'ஐந்தரை',
  'ஆறரை',
  'ஏழரை',
  'எட்டரை',
  'ஒன்பதரை',
  'பத்தரை',
  'பதினொன்றரை',
  'பன்னிரண்டரை'
] as const;
/** The hour before "and a quarter" (கால்) or "three quarters" (முக்கால்). */
const hoursAnd = [
  '',
  'ஒன்றே',
  'இரண்டே',
  'மூன்றே',
  'நான்கே',
  'ஐந்தே',
  'ஆறே',
  'ஏழே',
  'எட்டே',
  'ஒன்பதே',
  'பத்தே',
  'பதினொன்றே',
  'பன்னிரண்டே'
] as const;
/** The digits of the keys as what is pressed. */
const keys = [
  'பூஜ்ஜியத்தை',
  'எண் ஒன்றை',
  'எண் இரண்டை',
  'எண் மூன்றை',
  'எண் நான்கை',
  'எண் ஐந்தை',
  'எண் ஆறை',
  'எண் ஏழை',
  'எண் எட்டை',
  'எண் ஒன்பதை'
] as const;

/** A number from 0 to 59 in words; others stay digits. */
export function number(value: number): string {
  const small = smallNumbers[value];
  if (small !== undefined) return small;
  const [alone, stem] = tens[Math.floor(value / 10) - 2] ?? [];
  if (alone === undefined) return String(value);
  return value % 10 === 0 ? alone : `${stem}${endings[value % 10]}`;
}

/** "இருபத்து நான்காம்", the 24th. */
function ordinal(value: number): string {
  return `${number(value).replace(/ு$/, '')}ாம்`;
}

/** "நாளை, செவ்வாய்க்கிழமை, இருபத்து நான்காம் தேதி, காலை பத்தரை மணிக்கு". */
export function dayAndTime(instant: Date, now: Date, timeZone: string): string {
  const local = localTime(instant, timeZone);
  const turn = turnOf(instant, timeZone);
  return `${day(local.date, localTime(now, timeZone).date)}, ${turn ? turns[turn] : ''}${
    clock(local).replace(/ம்$/, 'த்திற்கு').replace(/மணி$/, 'மணிக்கு')
  }`;
}

/** As SMS and pages tell them apart. */
const turns = { first: 'கடிகாரம் மாறுவதற்கு முன் ', second: 'கடிகாரம் மாறிய பின் ' } as const;

/** A day among the next ones, before its ending: "நாளை", "வெள்ளிக்கிழமை", or from a week ahead on with its date. */
export function dayName(date: string, today: string): string {
  const { ahead, weekday } = dayOf(date, today);
  if (ahead === 0) return 'இன்றை';
  if (ahead === 1) return 'நாளை';
  return ahead > 1 && ahead < 7 ? weekdays[weekday] ?? '' : day(date, today);
}

/** "நாளை, செவ்வாய்க்கிழமை, இருபத்து நான்காம் தேதி"; the month is said from a week ahead on. */
export function day(date: string, today: string): string {
  const { ahead, weekday, day: dayOfMonth, month } = dayOf(date, today);
  const near = ahead === 0 ? 'இன்று, ' : ahead === 1 ? 'நாளை, ' : '';
  const far = ahead >= 7 || ahead < 0 ? `${months[month]} ` : '';
  return `${near}${weekdays[weekday]}, ${far}${ordinal(dayOfMonth)} தேதி`;
}

/** "காலை பத்தரை மணி", without a case ending. */
export function clock({ hour, minute }: { hour: number; minute: number }): string {
  const twelve = hour % 12 === 0 ? 12 : hour % 12;
  const part = partOfDay(hour, minute);
  if (minute === 0) return `${part} ${hours[twelve]} மணி`;
  if (minute === 15) return `${part} ${hoursAnd[twelve]}கால் மணி`;
  if (minute === 30) return `${part} ${halfHours[twelve]} மணி`;
  if (minute === 45) return `${part} ${hoursAnd[twelve]} முக்கால் மணி`;
  return `${part} ${hours[twelve]} மணி ${number(minute)} நிமிடம்`;
}

/** As SMS and pages divide the day; midnight has a name of its own. */
function partOfDay(hour: number, minute: number): string {
  if (hour === 0 && minute === 0) return 'நள்ளிரவு';
  if (hour < 4 || hour >= 19) return 'இரவு';
  if (hour < 12) return 'காலை';
  return hour < 16 ? 'மதியம்' : 'மாலை';
}

/** "திங்கட்கிழமை முதல் சனிக்கிழமை வரை, காலை ஒன்பது மணி முதல் மாலை ஆறு மணி வரை". */
export function openingHours({ opens, closes, days }: Pick<Reception, 'opens' | 'closes' | 'days'>): string {
  const times = opens === null || closes === null
    ? 'நாள் முழுவதும்'
    : `${clock(clockTime(opens))} முதல் ${clock(clockTime(closes))} வரை`;
  return `${openDays(days)}, ${times}`;
}

function openDays(days: number[]): string {
  const runs = runsOf(days);
  if (runs[0]?.[0] === 1 && runs[0][1] === 7) return 'தினமும்';
  return runs
    .flatMap(([first, last]) => {
      const from = weekdays[first % 7] ?? '';
      const to = weekdays[last % 7] ?? '';
      if (first === last) return [from];
      return last === first + 1 ? [from, to] : [`${from} முதல் ${to} வரை`];
    })
    .join(', ');
}

/** Digit by digit: 12 is spoken "ஒன்று இரண்டு". */
export function digits(value: number): string {
  return [...String(value)].map((digit) => number(Number(digit))).join(' ');
}

/** A key of the phone as what is pressed. */
export function key(value: number): string {
  return keys[value] ?? String(value);
}
