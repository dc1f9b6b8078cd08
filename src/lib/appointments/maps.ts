import type { Place } from './model.ts';

/** A link to directions. Google learns of it only if it is followed. */
export function directionsTo({ name, address }: Pick<Place, 'name' | 'address'>): string {
  const query = [name, address].filter(Boolean).join(', ');
  return `https://www.google.com/maps/search/?api=1&query=${encodeURIComponent(query)}`;
}
