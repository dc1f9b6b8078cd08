/**
 * What SMS (the database), calls (the functions) and pages (the site) must say alike of a time of day. Each has its own
 * words for it; here is what they agree on.
 */

/** Which of two, where the clock shows a time twice in one night; null: it comes once. */
export const clockTurns: { zone: string; instant: string; turn: 'first' | 'second' | null }[] = [
  { zone: 'Europe/London', instant: '2027-10-30T23:59:00Z', turn: null },
  { zone: 'Europe/London', instant: '2027-10-31T00:00:00Z', turn: 'first' },
  { zone: 'Europe/London', instant: '2027-10-31T00:45:00Z', turn: 'first' },
  { zone: 'Europe/London', instant: '2027-10-31T01:00:00Z', turn: 'second' },
  { zone: 'Europe/London', instant: '2027-10-31T01:59:00Z', turn: 'second' },
  { zone: 'Europe/London', instant: '2027-10-31T02:00:00Z', turn: null },
  // The hour before midnight; midnight itself twice; half an hour; two hours.
  { zone: 'Asia/Beirut', instant: '2027-10-30T20:30:00Z', turn: 'first' },
  { zone: 'Asia/Beirut', instant: '2027-10-30T21:30:00Z', turn: 'second' },
  { zone: 'America/Havana', instant: '2027-11-07T04:00:00Z', turn: 'first' },
  { zone: 'America/Havana', instant: '2027-11-07T05:00:00Z', turn: 'second' },
  { zone: 'America/Havana', instant: '2027-11-07T06:00:00Z', turn: null },
  { zone: 'Atlantic/Azores', instant: '2027-10-31T00:30:00Z', turn: 'first' },
  { zone: 'Atlantic/Azores', instant: '2027-10-31T01:30:00Z', turn: 'second' },
  { zone: 'Australia/Lord_Howe', instant: '2027-04-03T14:45:00Z', turn: 'first' },
  { zone: 'Australia/Lord_Howe', instant: '2027-04-03T15:15:00Z', turn: 'second' },
  { zone: 'Australia/Lord_Howe', instant: '2027-04-03T15:30:00Z', turn: null },
  { zone: 'Antarctica/Troll', instant: '2027-10-30T23:30:00Z', turn: 'first' },
  { zone: 'Antarctica/Troll', instant: '2027-10-31T01:30:00Z', turn: 'second' },
  // In spring, and where the clocks never change.
  { zone: 'Europe/London', instant: '2027-03-28T00:30:00Z', turn: null },
  { zone: 'Europe/London', instant: '2027-03-28T01:30:00Z', turn: null },
  { zone: 'Asia/Kolkata', instant: '2027-10-31T00:30:00Z', turn: null },
  { zone: 'UTC', instant: '2027-10-31T01:00:00Z', turn: null }
];

/** The part of the day by the hour at which it begins, in the words of the site's catalogue. */
export const partsOfDay = {
  'en-IN': { 0: 'night', 4: 'morning', 12: 'afternoon', 17: 'evening', 21: 'night' },
  'ta-IN': { 0: 'night', 4: 'morning', 12: 'afternoon', 16: 'evening', 19: 'night' },
  'hi-IN': { 0: 'night', 4: 'morning', 12: 'afternoon', 16: 'evening', 20: 'night' }
} as const;

export type Part = 'morning' | 'afternoon' | 'evening' | 'night';

export const tamilParts: Record<Part, string> = {
  morning: 'காலை',
  afternoon: 'மதியம்',
  evening: 'மாலை',
  night: 'இரவு'
};

export const hindiParts: Record<Part, string> = {
  morning: 'सुबह',
  afternoon: 'दोपहर',
  evening: 'शाम',
  night: 'रात'
};

/** Each hour of the day with its part. */
export function hoursOf(locale: keyof typeof partsOfDay): { hour: number; part: Part }[] {
  const begins = Object.entries(partsOfDay[locale]).map(([hour, part]) => ({ hour: Number(hour), part }));
  return Array.from({ length: 24 }, (_, hour) => {
    const part = begins.findLast((one) => one.hour <= hour)?.part ?? 'night';
    return { hour, part };
  });
}
