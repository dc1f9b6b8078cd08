import type postgres from 'postgres';
import {
  mayWrite,
  readableExtensions,
  unauthorizedToRead,
  type Actor,
  type Extension
} from './authorization.ts';
import { Refusal } from './errors.ts';
import type { RoomName } from './hub.ts';
import type { Claims, VerifyToken } from './tokens.ts';

/** What a joined channel may do, as its latest token and the policies of that moment have it. */
export class Access {
  #sql: postgres.Sql;
  #verify: VerifyToken;
  #room: RoomName;
  #headers: Record<string, string>;
  #actor: Actor | undefined;
  #readable = new Set<Extension>();
  #writable = new Map<Extension, boolean>();
  #token = '';

  constructor(sql: postgres.Sql, verify: VerifyToken, room: RoomName, headers: Record<string, string>) {
    this.#sql = sql;
    this.#verify = verify;
    this.#room = room;
    this.#headers = headers;
  }

  get token(): string {
    return this.#token;
  }

  mayRead(extension: Extension): boolean {
    return !this.#room.private || this.#readable.has(extension);
  }

  /**
   * Takes the first token of the channel.
   *
   * @throws {Refusal} when it is no good, or none of `wanted` may be read.
   */
  async grant(token: string, wanted: Extension[]): Promise<Claims> {
    const claims = await this.#verify(token);
    const actor = { claims, headers: this.#headers };
    if (this.#room.private) {
      const readable = await readableExtensions(this.#sql, this.#room.name, actor, wanted);
      if (readable.size === 0) throw unauthorizedToRead(this.#room.name);
      this.#readable = readable;
    }
    this.#token = token;
    this.#actor = actor;
    // What may be sent is asked when something is sent.
    this.#writable.clear();
    return claims;
  }

  /**
   * Takes a new token.
   *
   * @throws {Refusal} when it is no good, or takes away the right to read something that was readable.
   */
  async renew(token: string, wanted: Extension[]): Promise<Claims> {
    const before = this.#readable;
    const claims = await this.grant(token, wanted);
    if ([...before].some((extension) => !this.mayRead(extension))) {
      throw new Refusal(
        'Unauthorized',
        `You no longer have permission to read from this Channel topic: ${this.#room.name}`
      );
    }
    return claims;
  }

  /** @throws {Refusal} when the token has expired meanwhile. */
  confirm(): Promise<Claims> {
    return this.#verify(this.#token);
  }

  /** Whether presence may be read; asked for channels that did not want it when they were joined. */
  async askToReadPresence(): Promise<void> {
    if (!this.#room.private || !this.#actor || this.#readable.has('presence')) return;
    const readable = await readableExtensions(this.#sql, this.#room.name, this.#actor, ['presence']);
    if (readable.has('presence')) this.#readable.add('presence');
  }

  /** Whether the channel may send; asked once a token. */
  async mayWrite(extension: Extension): Promise<boolean> {
    if (!this.#room.private) return true;
    if (!this.#actor) return false;
    const known = this.#writable.get(extension);
    if (known !== undefined) return known;
    const allowed = await mayWrite(this.#sql, this.#room.name, this.#actor, extension);
    this.#writable.set(extension, allowed);
    return allowed;
  }
}
