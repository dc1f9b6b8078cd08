/** Lists that are read out: at most nine choices a page, hash for more. */

const perPage = 9;

export interface Page<Item> {
  items: Item[];
  page: number;
  /** Whether others follow; after the last page the first comes again. */
  more: boolean;
}

/** One page of a list. A page past the end is the first, for lists that go round and lists that shrank meanwhile. */
export function pageOf<Item>(list: Item[], page: number, size = perPage): Page<Item> {
  const wanted = page * size < list.length ? page : 0;
  return {
    items: list.slice(wanted * size, (wanted + 1) * size),
    page: wanted,
    more: list.length > size
  };
}

/** The choice that a key stands for. */
export function chosen<Item>(choices: Item[], keys: string): Item | undefined {
  return /^[1-9]$/.test(keys) ? choices[Number(keys) - 1] : undefined;
}
