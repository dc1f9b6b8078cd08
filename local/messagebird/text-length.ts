const basic = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà'
);
// Each of these is sent as an escape and a second character (GSM 03.38).
const extended = new Set('^{}\\[~]|€\f');

export type Datacoding = 'plain' | 'unicode';

/** Whether every character has a place in the GSM 7-bit alphabet. */
export function fitsGsm(text: string): boolean {
  return [...text].every((character) => basic.has(character) || extended.has(character));
}

/** What arrives when a text is forced into the GSM alphabet: characters without a place become question marks. */
export function forceGsm(text: string): string {
  return [...text].map((character) => (fitsGsm(character) ? character : '?')).join('');
}

/**
 * How many units a text takes in its coding, and in how many parts it is sent. A character of two units is not cut: where
 * only one unit is left in a part, it begins the next.
 */
export function measure(text: string, coding: Datacoding): { units: number; parts: number } {
  const sizes = Array.from(text, (character) =>
    coding === 'unicode' ? character.length : extended.has(character) ? 2 : 1
  );
  const units = sizes.reduce((sum, size) => sum + size, 0);
  const [alone, joined] = coding === 'unicode' ? [70, 67] : [160, 153];
  if (units <= alone) return { units, parts: 1 };
  const end = sizes.reduce((at, size) => (size === 2 && at % joined === joined - 1 ? at + 3 : at + size), 0);
  return { units, parts: Math.ceil(end / joined) };
}
