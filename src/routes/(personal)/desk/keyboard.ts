// The arrows move the focus over the list: up and down within a doctor's column, left and right between them. Only the
// page that is looked at knows where its rows are, so they are looked up there.

const rowsIn = (column: Element) => [...column.querySelectorAll<HTMLElement>('[data-row]')];

/** The columns that are shown: on a narrow screen it is one. */
const columns = () =>
  [...document.querySelectorAll<HTMLElement>('[data-column]')].filter(
    (column) => column.checkVisibility() && rowsIn(column).length > 0
  );

export const rowOf = (id: string): HTMLElement | null =>
  document.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"]`);

/** The id of the row after another one in its column. */
export function followingRow(id: string): string | undefined {
  const next = rowOf(id)?.nextElementSibling;
  return next instanceof HTMLElement ? next.dataset.row : undefined;
}

/** To the next step of a row, or to the row where there is none. */
function focusRow(row: HTMLElement | null | undefined): boolean {
  if (!row) return false;
  (row.querySelector<HTMLElement>('button.next') ?? row).focus();
  return true;
}

/** After a step: stays with the row while there is a next one, else goes on to the row that followed. */
export function focusPlace(id: string, following: string | undefined): void {
  const row = rowOf(id);
  const stays = row?.querySelector('button.next') ?? (following === undefined ? row : null);
  if (!focusRow(stays ? row : rowOf(following ?? ''))) focusRow(row);
}

/** Moves the focus as an arrow says. False: that key, or this place, is not about the list. */
export function moveFocus(key: string, from: EventTarget | null): boolean {
  const across = { ArrowLeft: -1, ArrowRight: 1 }[key];
  const along = { ArrowUp: -1, ArrowDown: 1 }[key];
  if (!(from instanceof Element) || (across === undefined && along === undefined)) return false;
  const shown = columns();
  const row = from.closest<HTMLElement>('[data-row]');
  if (!row) {
    // From the search, or from nowhere, into the list.
    const outside = from === document.body || from instanceof HTMLInputElement;
    return outside && key === 'ArrowDown' && focusRow(shown[0] && rowsIn(shown[0])[0]);
  }
  const at = shown.findIndex((column) => column.contains(row));
  const column = shown[at];
  if (!column) return false;
  const index = rowsIn(column).indexOf(row);
  if (along !== undefined) return focusRow(rowsIn(column)[index + along]);
  const beside = shown[at + (across ?? 0)];
  if (!beside) return false;
  const rows = rowsIn(beside);
  return focusRow(rows[Math.min(index, rows.length - 1)]);
}
