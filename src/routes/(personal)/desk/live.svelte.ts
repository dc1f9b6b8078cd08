import { isIn, parseBroadcast, type Heard } from '#lib/appointments/broadcast.ts';
import { applySnapshot, hold, rowsOf, type Held } from '#lib/appointments/merge.ts';
import type { DaySnapshot, Marked, Visit } from '#lib/desk/model.ts';
import { describeVisit } from '#lib/desk/words.ts';
import type { Connection } from '#lib/live/channel.ts';
import { fetching } from '#lib/live/fetching.ts';
import { listen, type Listening, type LiveSource } from '#lib/live/listen.ts';
import { m } from '#lib/paraglide/messages.js';

// More than that at once are told by their number.
const TOLD = 3;

/**
 * A day at the desk while its page is open: begins with what the server rendered, and fetches the day again whenever it
 * hears of a change, or may have missed one. What was marked here is shown at once.
 */
export class LiveDay {
  #held: Held<Visit> = $state.raw(hold<Visit>([]));
  #day: DaySnapshot = $state.raw() as DaySnapshot;
  /** Ids of visits that came or were changed by somebody else while the page was open. */
  fresh: readonly string[] = $state.raw([]);
  news: readonly { id: number; text: string }[] = $state.raw([]);
  /** Null until scripts run. */
  connection: Connection | null = $state(null);

  #listening: Listening | undefined;
  #fetching = fetching<Heard | null>(
    () => this.#fetch(),
    (heard) => isIn(this.#held, heard)
  );
  #newsId = 0;

  constructor(loaded: DaySnapshot) {
    this.adopt(loaded);
  }

  /** All but the visits, which `visits` has. */
  get day(): DaySnapshot {
    return this.#day;
  }

  get visits(): Visit[] {
    return rowsOf(this.#held);
  }

  /** Takes in what the page was given anew: another day, or this one after a form. */
  adopt(loaded: DaySnapshot): void {
    const { clinicId, day } = this.#day ?? {};
    if (loaded.clinicId === clinicId && loaded.day === day) return this.#take(loaded, -1);
    this.#day = loaded;
    this.#held = hold(loaded.visits);
    this.fresh = [];
  }

  /** Listens to the desk of the clinic until the function it returns is called. */
  start(source: LiveSource, clinicId: string): () => void {
    const listening = listen(source, {
      onconnection: (connection) => (this.connection = connection),
      onlook: () => this.#fetching.again()
    });
    this.#listening = listening;
    listening.follow(`desk:${clinicId}`, {
      onlive: () => this.#fetching.again(),
      onchange: (payload) => this.#hear(payload)
    });
    return () => {
      this.#listening = undefined;
      listening.stop();
    };
  }

  stop(): void {
    this.#fetching.stop();
  }

  refetch(): void {
    this.#fetching.again();
  }

  /** Shows what was marked here. */
  mark(marked: Marked): void {
    const visits = this.visits.map((visit) => (visit.id === marked.id ? { ...visit, ...marked } : visit));
    this.#held = applySnapshot(this.#held, visits, -1).held;
  }

  /** Forgets an item of news, and what came before it. */
  dismiss(id: number): void {
    this.news = this.news.filter((item) => item.id > id);
  }

  async #fetch(): Promise<void> {
    if (!this.#listening) return;
    const { clinicId, day } = this.#day;
    const asOf = this.#held.clock;
    const loaded = (await this.#listening.fetchJson(
      `/desk/snapshot?clinic=${clinicId}&day=${day}`
    )) as DaySnapshot | null;
    if (!loaded) return location.reload();
    // Another day may have been chosen meanwhile.
    if (this.#day.clinicId === clinicId && this.#day.day === day) this.#take(loaded, asOf);
  }

  /** Fetches what was heard of, unless it is shown already, as after a step that was marked here. */
  #hear(payload: unknown): void {
    const heard = parseBroadcast(payload);
    if (heard?.deleted || !isIn(this.#held, heard)) this.#fetching.heard(heard);
  }

  #take(loaded: DaySnapshot, asOf: number): void {
    this.#day = loaded;
    const { held, differences } = applySnapshot(this.#held, loaded.visits, asOf);
    this.#held = held;
    if (differences.length === 0) return;
    this.fresh = [...this.fresh, ...differences.flatMap(({ after }) => after?.id ?? [])];
    const said = differences.flatMap((difference) => describeVisit(difference, loaded.timeZone) ?? []);
    const told = said.length > TOLD ? [m.desk_news_many({ count: said.length })] : said;
    this.news = [...this.news, ...told.map((text) => ({ id: ++this.#newsId, text }))].slice(-TOLD);
  }
}
