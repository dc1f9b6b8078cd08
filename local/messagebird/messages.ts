import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { log } from '../output.ts';
import type { Submission } from './submission.ts';

export const messageStatuses = [
  'scheduled',
  'sent',
  'buffered',
  'delivered',
  'expired',
  'delivery_failed'
] as const;
export type MessageStatus = (typeof messageStatuses)[number];

export interface Recipient {
  /** Digits without `+`. */
  number: string;
  status: MessageStatus;
  /** ISO 8601, UTC. */
  statusAt: string;
  statusReason: string | null;
  statusErrorCode: number | null;
}

/** An accepted message as the stand-in keeps it. */
export interface Message extends Omit<Submission, 'recipients'> {
  /** 32 hexadecimal digits. */
  id: string;
  /** When it was accepted; ISO 8601, UTC. */
  at: string;
  recipients: Recipient[];
}

export type StatusChange = Omit<Recipient, 'number'>;

type Entry =
  { accepted: Message } | { id: string; recipient: string; change: StatusChange } | { deleted: string };

/** What changed, for pages that look on. */
export type MessageEvent =
  | { type: 'accepted' | 'changed'; message: Message; recipient?: string }
  | { type: 'deleted'; message: Message };

/**
 * The messages that were accepted, in memory and, when a file is given, as one JSON entry a line in it.
 * Every entry is written before the change is visible, so that a killed stand-in forgets nothing it answered for.
 */
export class Messages {
  #byId = new Map<string, Message>();
  #listeners = new Set<(event: MessageEvent) => void>();
  #file: number | undefined;

  constructor(storageFile?: string) {
    if (storageFile === undefined) return;
    mkdirSync(dirname(storageFile), { recursive: true });
    const stored = existsSync(storageFile) ? readFileSync(storageFile, 'utf8') : '';
    for (const entry of readEntries(stored)) this.#apply(entry);
    this.#file = openSync(storageFile, 'a', 0o600);
    // A line that was cut off by a crash must not swallow the next one.
    if (stored !== '' && !stored.endsWith('\n')) writeSync(this.#file, '\n');
  }

  accept({ recipients, ...submission }: Submission, now: Date): Message {
    const at = now.toISOString();
    const message: Message = {
      ...submission,
      id: randomUUID().replaceAll('-', ''),
      at,
      recipients: recipients.map((number) => ({
        number,
        status: 'sent',
        statusAt: at,
        statusReason: null,
        statusErrorCode: null
      }))
    };
    this.#record({ accepted: message });
    this.#tell({ type: 'accepted', message });
    return message;
  }

  get(id: string): Message | undefined {
    return this.#byId.get(id);
  }

  /** Newest first. */
  all(): Message[] {
    return [...this.#byId.values()].reverse();
  }

  changeStatus(message: Message, recipient: string, change: StatusChange): void {
    this.#record({ id: message.id, recipient, change });
    this.#tell({ type: 'changed', message: this.get(message.id) ?? message, recipient });
  }

  delete(message: Message): void {
    this.#record({ deleted: message.id });
    this.#tell({ type: 'deleted', message });
  }

  /** Calls the listener on every change until the returned function is called. */
  subscribe(listener: (event: MessageEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #record(entry: Entry): void {
    if (this.#file !== undefined) writeSync(this.#file, `${JSON.stringify(entry)}\n`);
    this.#apply(entry);
  }

  #apply(entry: Entry): void {
    if ('accepted' in entry) {
      this.#byId.set(entry.accepted.id, entry.accepted);
    } else if ('deleted' in entry) {
      this.#byId.delete(entry.deleted);
    } else {
      const recipient = this.#byId.get(entry.id)?.recipients.find(({ number }) => number === entry.recipient);
      if (recipient) Object.assign(recipient, entry.change);
    }
  }

  #tell(event: MessageEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

function* readEntries(stored: string): Generator<Entry> {
  for (const line of stored.split('\n')) {
    if (line.trim() === '') continue;
    try {
      yield JSON.parse(line) as Entry;
    } catch {
      log('MessageBird stand-in: skipped a damaged line of its storage file.');
    }
  }
}
