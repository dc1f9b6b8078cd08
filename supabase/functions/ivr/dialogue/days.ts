/** How a caller names a day with two keys. */

/** What the keys mean: a date, one that cannot be booked yet, or none at all. */
export type ChosenDay = { on: string } | { tooFar: string } | undefined;

/**
 * One digit is a number of days from now, 0 to 7. Two digits are a day of the month, the next there is: 05 on the 23rd
 * is the 5th of the next month.
 * @param today YYYY-MM-DD at the clinic
 * @param horizon how many days ahead can be booked
 */
export function chosenDay(keys: string, today: string, horizon: number): ChosenDay {
  if (/^[0-7]$/.test(keys)) return within(addDays(today, Number(keys)), today, horizon);
  if (!/^\d\d$/.test(keys)) return undefined;
  const wanted = Number(keys);
  if (wanted < 1 || wanted > 31) return undefined;
  // Two months ahead there has been a 31st.
  for (let ahead = 0; ahead < 62; ahead += 1) {
    const date = addDays(today, ahead);
    if (Number(date.slice(8)) === wanted) return within(date, today, horizon);
  }
  return undefined;
}

/** The date so many days after another, both YYYY-MM-DD. */
function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

function within(date: string, today: string, horizon: number): ChosenDay {
  return date <= addDays(today, horizon) ? { on: date } : { tooFar: date };
}
