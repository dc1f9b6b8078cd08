import type { Place } from '#lib/appointments/model.ts';

/** So many clinics are seen at a glance; of more, one looks for one's own. */
export const AT_A_GLANCE = 6;

/** The clinics whose name or address has all the words, however they are written. */
export function clinicsLike<Clinic extends Pick<Place, 'name' | 'address'>>(
  clinics: readonly Clinic[],
  words: string
): Clinic[] {
  const plain = (text: string) => text.normalize('NFKC').toLowerCase();
  const wanted = plain(words)
    .split(/[\s,]+/)
    .filter(Boolean);
  return clinics.filter(({ name, address }) => {
    const text = plain(`${name} ${address}`);
    return wanted.every((word) => text.includes(word));
  });
}
