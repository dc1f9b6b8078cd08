const milliseconds: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000
};

/**
 * Milliseconds of a length of time as Auth writes it: numbers with units, the largest of which is the hour, such as
 * `24h`, `1h30m`, `1.5h` or `0`. Undefined when it is none.
 */
export function parseDuration(text: string): number | undefined {
  const [, sign, rest = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (rest === '0') return 0;
  if (!/^((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) return undefined;
  let total = 0;
  for (const [, number, unit = ''] of rest.matchAll(/([\d.]+)([a-zµμ]+)/g)) {
    total += Number(number) * (milliseconds[unit] ?? NaN);
  }
  return sign === '-' ? -total : total;
}
