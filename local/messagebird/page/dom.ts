/** The element of the page with this id; the page and its script belong together, so it must be there. */
export function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`The page has no ${kind.name} with id ${id}.`);
  return found;
}

/** Makes an element with a class and children; texts become text, never markup. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className = '',
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (className !== '') element.className = className;
  element.append(...children);
  return element;
}

/**
 * Appends an entry and scrolls to it, unless the reader has scrolled away from the end. Of an entry that is longer
 * than the list, the beginning is shown.
 */
export function appendAndFollow(list: HTMLElement, entry: HTMLElement): void {
  const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  const followsLongEntry =
    list.lastElementChild instanceof HTMLElement && list.lastElementChild.offsetHeight > list.clientHeight;
  list.append(entry);
  if (!isAtEnd && !followsLongEntry) return;
  const room = list.clientHeight - 24;
  list.scrollTop = entry.offsetHeight > room ? entry.offsetTop - 12 : list.scrollHeight;
}

let toastTimer = 0;

/** Says something in passing, also to screen readers. */
export function toast(text: string): void {
  const line = byId('toast', HTMLParagraphElement);
  line.textContent = text;
  line.dataset.shown = 'true';
  clearTimeout(toastTimer);
  toastTimer = window.setTimeout(() => (line.dataset.shown = 'false'), 2000);
}

/** Remembers something in this browser, where that is allowed. */
export function remember(key: string, value: unknown): void {
  try {
    localStorage.setItem(`medq.phone.${key}`, JSON.stringify(value));
  } catch {
    // Without storage the page works the same; it only forgets.
  }
}

/** What was remembered, if it is still there and of the right form. */
export function recall<T>(key: string, isRight: (value: unknown) => value is T): T | undefined {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(`medq.phone.${key}`) ?? 'null');
    return isRight(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
