/* eslint-disable svelte/prefer-svelte-reactivity -- dates are moments, and the rest is no state of the page */
import { isIn, parseBroadcast, type Heard } from '#lib/appointments/broadcast.ts';
import { lastKnown } from '#lib/appointments/last-known.ts';
import { applySnapshot, hold, rowsOf, type Held, type Merged } from '#lib/appointments/merge.ts';
import type { Appointment, Directory, Place, QueuePlaces, Snapshot } from '#lib/appointments/model.ts';
import { describeChange } from '#lib/appointments/words.ts';
import type { Connection } from '#lib/live/channel.ts';
import { fetching } from '#lib/live/fetching.ts';
import { listen, type Listening, type LiveSource } from '#lib/live/listen.ts';

export interface NewsItem {
  id: number;
  text: string;
}

/**
 * A patient's appointments while their page is open: begins with what the server rendered, and fetches the list again
 * whenever it hears of a change, or may have missed one.
 */
export class LiveAppointments {
  #held: Held<Appointment> = $state.raw(hold<Appointment>([]));
  #directory: Directory = $state.raw({ practitioners: {}, clinics: {}, people: {} });
  /** Places in today's queues, by appointment. */
  queue: QueuePlaces = $state.raw({});
  /** There are earlier ones, on a page of their own. */
  hasEarlier = $state(false);
  /** Ids of appointments that came or changed while the page was open. */
  fresh: readonly string[] = $state.raw([]);
  news: readonly NewsItem[] = $state.raw([]);
  /** Null until scripts run. */
  connection: Connection | null = $state(null);
  /** When the latest list was made, by the server's clock. */
  asOf: Date = $state.raw(new Date());
  /** How far the server's clock is ahead of this device's, in milliseconds. */
  skew = $state(0);

  #patientId: string | undefined;
  #listening: Listening | undefined;
  #queues = new Map<string, () => void>();
  #fetching = fetching<Heard | null>(
    () => this.#fetch(),
    (heard) => isIn(this.#held, heard)
  );
  #newsId = 0;
  #stopped = false;

  constructor(loaded: Snapshot) {
    this.#held = hold(loaded.appointments);
    this.#know(loaded);
  }

  get appointments(): Appointment[] {
    return rowsOf(this.#held);
  }

  get directory(): Directory {
    return this.#directory;
  }

  /** Takes in what the page was given anew, after a form or a navigation. */
  adopt(loaded: Snapshot): void {
    this.#know(loaded);
    // It is not known when it was fetched, so an appointment that is not in it need not be gone.
    this.#take(applySnapshot(this.#held, loaded.appointments, -1));
  }

  /** Listens until the function it returns is called. */
  start(source: LiveSource & { patientId: string }): () => void {
    this.#patientId = source.patientId;
    this.skew = this.asOf.getTime() - Date.now();
    this.#keep();
    const listening = listen(source, {
      onconnection: (connection) => (this.connection = connection),
      onlook: () => this.refetch(),
      onsignedout: () => lastKnown.forget()
    });
    this.#listening = listening;
    listening.follow(`patient:${source.patientId}`, {
      onlive: () => this.refetch(),
      onchange: (payload) => this.#hear(payload)
    });
    this.#followQueues();
    return () => {
      this.#stopped = true;
      this.#fetching.stop();
      listening.stop();
    };
  }

  /** Fetches the list. Called while a fetch is under way, it fetches once more afterwards. */
  refetch(): void {
    this.#fetching.again();
  }

  /** Forgets an item of news, and what came before it. */
  dismiss(id: number): void {
    this.news = this.news.filter((item) => item.id > id);
  }

  async #fetch(): Promise<void> {
    if (!this.#listening) return;
    const asOf = this.#held.clock;
    const snapshot = (await this.#listening.fetchJson('/appointments/snapshot')) as Snapshot;
    if (this.#stopped) return;
    this.#know(snapshot);
    this.skew = this.asOf.getTime() - Date.now();
    this.#take(applySnapshot(this.#held, snapshot.appointments, asOf));
  }

  /** Fetches what was heard of, unless it is shown already, as after a change from this very page. */
  #hear(payload: unknown): void {
    const heard = parseBroadcast(payload);
    if (heard?.deleted || !isIn(this.#held, heard)) this.#fetching.heard(heard);
  }

  /** Takes over all of a snapshot but the appointments themselves. */
  #know({ practitioners, clinics, people, queue, hasEarlier, now }: Snapshot): void {
    this.#directory = {
      practitioners: { ...this.#directory.practitioners, ...practitioners },
      clinics: { ...this.#directory.clinics, ...clinics },
      people: { ...this.#directory.people, ...people }
    };
    this.queue = queue;
    this.hasEarlier = hasEarlier;
    this.asOf = new Date(now);
  }

  #take({ held, differences }: Merged<Appointment>): void {
    this.#held = held;
    this.#keep();
    this.#followQueues();
    if (differences.length === 0) return;
    const now = new Date(Date.now() + this.skew);
    const said = differences.flatMap((difference) => describeChange(difference, this.#directory, now) ?? []);
    this.fresh = [...this.fresh, ...differences.flatMap(({ after }) => after?.id ?? [])];
    this.news = [...this.news, ...said.map((text) => ({ id: ++this.#newsId, text }))].slice(-3);
  }

  /** Stores what is shown, for the time without a network. */
  #keep(): void {
    if (!this.#patientId) return;
    lastKnown.keep({
      appointments: this.appointments,
      ...this.#directory,
      queue: this.queue,
      hasEarlier: this.hasEarlier,
      now: this.asOf.toISOString()
    });
  }

  /** Listens to the queues the patient stands in today, and to no others. */
  #followQueues(): void {
    const listening = this.#listening;
    if (!listening) return;
    const topics = new Set(Object.values(this.queue).map(({ topic }) => topic));
    for (const [topic, end] of this.#queues) {
      if (topics.has(topic)) continue;
      end();
      this.#queues.delete(topic);
    }
    for (const topic of topics) {
      if (this.#queues.has(topic)) continue;
      const listener = { onlive: () => this.refetch(), onchange: () => this.#fetching.heard(null) };
      this.#queues.set(topic, listening.follow(topic, listener));
    }
  }
}

/** All clinics' numbers, each once: clinics may share one. */
export function numbersOf(clinics: Record<string, Place>): Place['phone'][] {
  return [...new Map(Object.values(clinics).map(({ phone }) => [phone.href, phone])).values()];
}
