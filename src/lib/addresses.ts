// A form names its action in the address of its page (`?/profile`). The page itself is the same without.
export const withoutAction = (search: string): string =>
  search.replace(/([?&])\/[^&]*&?/, '$1').replace(/[?&]$/, '');
