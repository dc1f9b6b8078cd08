/** What the caller or a developer typed, as digits with country code and without `+`; undefined if it is no number. */
export function internationalDigits(typed: string): string | undefined {
  const compact = typed.replace(/[\s().-]/g, '').replace(/^(\+|00)/, '');
  return /^[1-9]\d{7,14}$/.test(compact) ? compact : undefined;
}
