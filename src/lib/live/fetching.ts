export interface Fetching<News> {
  /** Fetches. Called while a fetch is under way, it fetches once more afterwards. */
  again: () => void;
  /** Fetches what was heard of, and a second later once more if it was not there. */
  heard: (news: News) => void;
  stop: () => void;
}

/** A fetch without an answer by then has got lost: over a dead connection it would be waited for to the end of days. */
export const ANSWERS_BY_MS = 15_000;

// Postgres writes a change to its log, from which we hear of it, a moment before it shows it to others. On a busy server
// a page may have asked and been answered in that moment, and nothing more would be said.
const SHOWN_BY_MS = 1_000;

// Realtime's connection to the database may be away for as long as two hours while ours to Realtime is well: nothing is heard
// then, and nothing said about it.
const TRUSTS_SILENCE_MS = 5 * 60_000;

/**
 * Fetches one at a time; after one that failed again, with a pause that grows with every failure in a row; and after some
 * minutes without, if the page is looked at.
 * @param isThere whether what was heard of is in what was fetched; false where nobody can tell
 * @param silence for how many milliseconds nothing need be heard
 */
export function fetching<News = void>(
  fetchOnce: () => Promise<void>,
  isThere: (news: News) => boolean = () => false,
  silence = TRUSTS_SILENCE_MS
): Fetching<News> {
  let underWay = false;
  let wanted = false;
  let failures = 0;
  let next: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  let awaited: { news: News; since: number }[] = [];

  function again(): void {
    if (stopped) return;
    if (underWay) {
      wanted = true;
      return;
    }
    clearTimeout(next);
    underWay = true;
    const began = performance.now();
    inTime(fetchOnce())
      .then(
        () => {
          failures = 0;
          awaited = awaited.filter(({ news, since }) => began - since < SHOWN_BY_MS && !isThere(news));
          next = awaited.length > 0 ? setTimeout(again, SHOWN_BY_MS) : setTimeout(look, silence);
        },
        // The page stays as it is.
        () => (next = setTimeout(again, Math.min(60_000, 2_000 * 2 ** failures++)))
      )
      .finally(() => {
        underWay = false;
        if (!wanted) return;
        wanted = false;
        again();
      });
  }

  /** Whoever comes back to a page that nobody looked at has it fetched then. */
  function look(): void {
    if (document.visibilityState === 'visible') again();
  }

  return {
    again,
    heard(news) {
      awaited.push({ news, since: performance.now() });
      again();
    },
    stop() {
      stopped = true;
      clearTimeout(next);
    }
  };
}

function inTime(answer: Promise<void>): Promise<void> {
  let overdue: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    overdue = setTimeout(() => reject(new Error('There was no answer in time.')), ANSWERS_BY_MS);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(overdue));
}
