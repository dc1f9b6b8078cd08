import { parseBroadcast } from '#lib/appointments/broadcast.ts';
import { applyChange, applySnapshot, hold, rowsOf, type Held, type Merged } from '#lib/appointments/merge.ts';
import type { Appointment, Directory, Snapshot } from '#lib/appointments/model.ts';
import { describe } from '#lib/appointments/words.ts';
import type { Connection, Following } from '#lib/live/channel.ts';
import { fetchJson, NotAllowed } from '#lib/live/fetch-json.ts';
import { tokenSource, type Pass } from '#lib/live/token.ts';

/** Where a patient's changes are heard. */
export interface LiveSource {
  url: string;
  key: string;
  patientId: string;
}

export interface NewsItem {
  id: number;
  text: string;
}

/**
 * A patient's appointments while their page is open: begins with what the server rendered, takes in live
 * changes, and fetches the list again whenever some may have been missed.
 */
export class LiveAppointments {
  #held: Held<Appointment> = $state.raw(hold<Appointment>([]));
  #directory: Directory = $state.raw({ practitioners: {}, clinics: {} });
  /** Ids of appointments that came or changed while the page was open. */
  fresh: readonly string[] = $state.raw([]);
  news: readonly NewsItem[] = $state.raw([]);
  /** Null until the page is alive in the browser. */
  connection: Connection | null = $state(null);

  #following: Following | undefined;
  #fetching: Promise<void> | undefined;
  #fetchAgain = false;
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #newsId = 0;
  #stopped = false;
  #leaving = false;

  constructor(loaded: Snapshot) {
    this.#held = hold(loaded.appointments);
    this.#directory = loaded;
  }

  get appointments(): Appointment[] {
    return rowsOf(this.#held);
  }

  get directory(): Directory {
    return this.#directory;
  }

  /** Takes in what the page was given anew, after a form or a navigation. */
  adopt(loaded: Snapshot): void {
    this.#learn(loaded);
    // When it was fetched is unknown, so what it lacks proves nothing.
    this.#take(applySnapshot(this.#held, loaded.appointments, -1));
  }

  /** Listens until the function it returns is called. */
  start(source: LiveSource): () => void {
    const token = tokenSource(() => this.#orLeave(fetchJson('/live-token') as Promise<Pass>));
    this.connection = navigator.onLine ? 'connecting' : 'offline';

    const listen = async () => {
      // Not needed to read the page, so it comes after everything that is.
      const { follow } = await import('#lib/live/channel.ts');
      if (this.#stopped) return;
      this.#following?.close();
      this.#following = follow({
        url: source.url,
        key: source.key,
        topic: `patient:${source.patientId}`,
        token,
        onlive: () => this.refetch(),
        onchange: (payload) => this.#hear(payload, source.patientId),
        onconnection: (connection) => (this.connection = connection)
      });
    };
    const begin = () =>
      void listen().catch(() => {
        this.connection = navigator.onLine ? 'reconnecting' : 'offline';
        this.#later(begin);
      });

    const events = new AbortController();
    const on = (target: EventTarget, type: string, handle: () => void) =>
      target.addEventListener(type, handle, { signal: events.signal });
    const look = () => {
      if (document.visibilityState !== 'visible') return;
      if (this.#following) this.#following.nudge();
      else begin();
      this.refetch();
    };
    on(document, 'visibilitychange', look);
    on(window, 'focus', look);
    on(window, 'offline', () => (this.connection = 'offline'));
    // A socket that lived through an outage may be dead without knowing it.
    on(window, 'online', begin);
    on(window, 'beforeunload', () => (this.#leaving = true));
    on(window, 'pageshow', () => {
      this.#leaving = false;
      look();
    });

    begin();
    return () => {
      this.#stopped = true;
      events.abort();
      clearTimeout(this.#retry);
      this.#following?.close();
    };
  }

  /** Fetches the list. Asked again while a fetch is under way, it fetches once more afterwards. */
  refetch(): void {
    if (this.#fetching) {
      this.#fetchAgain = true;
      return;
    }
    this.#fetching = this.#fetch().finally(() => {
      this.#fetching = undefined;
      if (this.#fetchAgain) {
        this.#fetchAgain = false;
        this.refetch();
      }
    });
  }

  /** Forgets an item of news, and what came before it. */
  dismiss(id: number): void {
    this.news = this.news.filter((item) => item.id > id);
  }

  async #fetch(): Promise<void> {
    const asOf = this.#held.clock;
    try {
      const snapshot = (await this.#orLeave(fetchJson('/appointments/snapshot'))) as Snapshot;
      if (this.#stopped) return;
      this.#failures = 0;
      this.#learn(snapshot);
      this.#take(applySnapshot(this.#held, snapshot.appointments, asOf));
    } catch {
      // What is shown stays.
      this.#later(() => this.refetch());
    }
  }

  /** Tries something again after a pause that grows with every failure in a row. */
  #later(again: () => void): void {
    if (this.#stopped) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(again, Math.min(60_000, 2_000 * 2 ** this.#failures++));
  }

  #hear(payload: unknown, patientId: string): void {
    const change = parseBroadcast(payload, patientId);
    const known =
      change?.kind === 'deleted' ||
      (change &&
        change.row.practitioner_id in this.#directory.practitioners &&
        change.row.clinic_id in this.#directory.clinics);
    if (change && known) this.#take(applyChange(this.#held, change));
    // A doctor or clinic not met before: the list brings the names along.
    else this.refetch();
  }

  #learn({ practitioners, clinics }: Directory): void {
    this.#directory = {
      practitioners: { ...this.#directory.practitioners, ...practitioners },
      clinics: { ...this.#directory.clinics, ...clinics }
    };
  }

  #take({ held, differences }: Merged<Appointment>): void {
    this.#held = held;
    if (differences.length === 0) return;
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- a moment, which nothing changes
    const now = new Date();
    const said = differences.flatMap((difference) => describe(difference, this.#directory, now) ?? []);
    this.fresh = [...this.fresh, ...differences.flatMap(({ after }) => after?.id ?? [])];
    this.news = [...this.news, ...said.map((text) => ({ id: ++this.#newsId, text }))].slice(-3);
  }

  /** Goes where a session can be mended when ours is over. */
  async #orLeave<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      // While signing out the session ends before the next page is there: that page must not be overtaken.
      if (error instanceof NotAllowed && !this.#stopped && !this.#leaving) {
        this.#stopped = true;
        this.#following?.close();
        location.assign(error.status === 401 ? '/login?next=/appointments' : '/password');
      }
      throw error;
    }
  }
}
