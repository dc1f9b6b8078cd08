export interface Fetching {
  /** Fetches. Called while a fetch is under way, it fetches once more afterwards. */
  again: () => void;
  stop: () => void;
}

/** Fetches one at a time; after one that failed again, with a pause that grows with every failure in a row. */
export function fetching(fetchOnce: () => Promise<void>): Fetching {
  let underWay = false;
  let wanted = false;
  let failures = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;

  function again(): void {
    if (stopped) return;
    if (underWay) {
      wanted = true;
      return;
    }
    clearTimeout(retry);
    underWay = true;
    fetchOnce()
      .then(
        () => (failures = 0),
        // The page stays as it is.
        () => (retry = setTimeout(again, Math.min(60_000, 2_000 * 2 ** failures++)))
      )
      .finally(() => {
        underWay = false;
        if (!wanted) return;
        wanted = false;
        again();
      });
  }

  return {
    again,
    stop() {
      stopped = true;
      clearTimeout(retry);
    }
  };
}
