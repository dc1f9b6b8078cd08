export interface Fetching<News> {
  /** Fetches. Called while a fetch is under way, it fetches once more afterwards. */
  again: () => void;
  /** Fetches what was heard of, and a second later once more if it was not there. */
  heard: (news: News) => void;
  stop: () => void;
}

// Postgres writes a change to its log, from which we hear of it, a moment before it shows it to others. On a busy server
// a page may have asked and been answered in that moment, and nothing more would be said.
const SHOWN_BY_MS = 1_000;

/**
 * Fetches one at a time; after one that failed again, with a pause that grows with every failure in a row.
 * @param isThere whether what was heard of is in what was fetched; false where nobody can tell
 */
export function fetching<News = void>(
  fetchOnce: () => Promise<void>,
  isThere: (news: News) => boolean = () => false
): Fetching<News> {
  let underWay = false;
  let wanted = false;
  let failures = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  let awaited: { news: News; since: number }[] = [];

  function again(): void {
    if (stopped) return;
    if (underWay) {
      wanted = true;
      return;
    }
    clearTimeout(retry);
    underWay = true;
    const began = performance.now();
    fetchOnce()
      .then(
        () => {
          failures = 0;
          awaited = awaited.filter(({ news, since }) => began - since < SHOWN_BY_MS && !isThere(news));
          if (awaited.length > 0) retry = setTimeout(again, SHOWN_BY_MS);
        },
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
    heard(news) {
      awaited.push({ news, since: performance.now() });
      again();
    },
    stop() {
      stopped = true;
      clearTimeout(retry);
    }
  };
}
