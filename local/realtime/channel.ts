import { setTimeout as sleep } from 'node:timers/promises';
import type postgres from 'postgres';
import { z } from 'zod';
import { requireRead } from './authorization.ts';
import { asRealtimeError, RealtimeError } from './errors.ts';
import type { Message, Version } from './frames.ts';
import type { Hub, RoomName, Subscriber } from './hub.ts';
import { readJoinRequest, type JoinRequest } from './join-request.ts';
import type { Replication } from './replication.ts';
import type { Settings } from './settings.ts';
import type { Claims, VerifyToken } from './tokens.ts';

/** What channels share. */
export interface Dependencies {
  settings: Settings;
  sql: postgres.Sql;
  hub: Hub;
  verifyToken: VerifyToken;
  replication: Replication;
  /** Called when today's partition of realtime.messages is missing. */
  repairPartitions: () => void;
}

/** The connection a channel lives on. */
export interface ChannelSocket {
  readonly version: Version;
  readonly headers: Record<string, string>;
  /** The JWT of the API key, for channels that bring no token. */
  readonly keyToken: string;
  /** Channels that are joined or being joined; one that is just beginning to is not counted yet. */
  readonly channelCount: number;
  send(frame: string): void;
  push(message: Message): void;
}

const tokenRefresh = z.object({ access_token: z.string() });

/**
 * One channel of one socket, from `phx_join` to `phx_close`. What the client sends is handled one after the other,
 * because an earlier message (a new token, say) decides about a later one.
 */
export class Channel implements Subscriber {
  readonly version: Version;
  readonly joinRef: string | null;
  #dependencies: Dependencies;
  #socket: ChannelSocket;
  #topic: string;
  #join: Message;
  #request: JoinRequest;
  #room: RoomName;
  #token = '';
  #queue: Promise<void>;
  #closed = new AbortController();
  #onClosed: () => void;
  #tokenTimer: NodeJS.Timeout | undefined;

  /** Begins to join at once. `onClosed` is called when the channel is gone, for whatever reason but `abandon`. */
  constructor(dependencies: Dependencies, socket: ChannelSocket, join: Message, onClosed: () => void) {
    this.version = socket.version;
    this.joinRef = join.joinRef;
    this.#dependencies = dependencies;
    this.#socket = socket;
    this.#topic = join.topic;
    this.#join = join;
    this.#request = readJoinRequest(join.payload);
    this.#room = { name: join.topic.replace(/^realtime:/, ''), private: this.#request.private };
    this.#onClosed = onClosed;
    this.#queue = this.#joinOrRefuse();
  }

  /** Handles a message as soon as those before it are done. */
  receive(message: Message): void {
    this.#enqueue(() => this.#handle(message));
  }

  deliver(frame: string): void {
    this.#socket.send(frame);
  }

  /** Ends the channel and tells the client, without a reason. */
  close(): void {
    if (this.#closed.signal.aborted) return;
    this.#push('phx_close', {}, this.joinRef);
    this.abandon();
    this.#onClosed();
  }

  /** Ends the channel without a word: the socket is gone. */
  abandon(): void {
    this.#closed.abort();
    clearTimeout(this.#tokenTimer);
    this.#dependencies.hub.leave(this.#room, this);
  }

  get #isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  #enqueue(work: () => Promise<void> | void): void {
    this.#queue = this.#queue
      .then(() => (this.#isClosed ? undefined : work()))
      .catch((error: unknown) => this.#logFailure('A message of a client could not be handled.', error));
  }

  #logFailure(message: string, error: unknown): void {
    const { code, cause } = asRealtimeError(error);
    if (code === 'MissingPartition') this.#dependencies.repairPartitions();
    this.#dependencies.settings.log(message, {
      code,
      reason: cause instanceof Error ? cause.message : String(error)
    });
  }

  #push(event: string, payload: unknown, ref: string | null = null): void {
    this.#socket.push({ joinRef: this.joinRef, ref, topic: this.#topic, event, payload });
  }

  #reply(ref: string | null, status: 'ok' | 'error', response: Record<string, unknown>): void {
    this.#push('phx_reply', { status, response }, ref);
  }

  #system(status: 'ok' | 'error', message: string): void {
    this.#push('system', { channel: this.#room.name, extension: 'system', status, message });
  }

  /** Ends the channel and tells the client why. */
  #shutDown(reason: string): void {
    if (this.#isClosed) return;
    this.#system('error', reason);
    this.close();
  }

  // Joining

  async #joinOrRefuse(): Promise<void> {
    try {
      await this.#admit();
    } catch (error) {
      const refusal = asRealtimeError(error);
      if (refusal.cause) this.#logFailure('A channel was not joined.', refusal);
      const { signal } = this.#closed;
      await sleep(this.#dependencies.settings.joinErrorDelayMs, undefined, { signal, ref: false }).catch(
        () => undefined
      );
      if (this.#isClosed) return;
      this.#reply(this.#join.ref, 'error', { reason: refusal.reason });
      this.abandon();
      this.#onClosed();
    }
  }

  /** Everything that can refuse a join, in the order in which it is said; then the welcome. */
  async #admit(): Promise<void> {
    const { settings, hub } = this.#dependencies;
    const { postgresChanges, replicationReady, accessToken } = this.#request;
    if (this.#room.name === '') throw new RealtimeError('TopicNameRequired', 'You must provide a topic name');
    if (this.#socket.channelCount >= settings.maxChannelsPerSocket) {
      throw new RealtimeError('ChannelRateLimitReached', 'Too many channels');
    }
    if (postgresChanges.length > 0) {
      throw new RealtimeError(
        'RealtimeDisabledForConfiguration',
        'The embedded stack offers no postgres_changes; send broadcasts with realtime.broadcast_changes in a trigger'
      );
    }
    const token = !accessToken || accessToken.startsWith('sb_') ? this.#socket.keyToken : accessToken;
    this.#watchExpiry(await this.#takeToken(token));
    if (this.#isClosed) return;
    hub.join(this.#room, this);
    this.#reply(this.#join.ref, 'ok', { postgres_changes: [] });
    if (replicationReady) void this.#announceReplication();
  }

  async #announceReplication(): Promise<void> {
    const abort = new AbortController();
    const signal = AbortSignal.any([abort.signal, this.#closed.signal]);
    const late = sleep(this.#dependencies.settings.replicationReadyTimeoutMs, 'late', {
      signal,
      ref: false
    }).catch(() => 'closed');
    const outcome = await Promise.race([this.#dependencies.replication.ready.then(() => 'ready'), late]);
    abort.abort();
    if (this.#isClosed) return;
    if (outcome === 'ready') this.#system('ok', 'Replication connection established');
    else this.#shutDown('Replication connection was not established in time');
  }

  // Tokens

  /** @throws {RealtimeError} when the token is no good, or its bearer may not read a private channel. */
  async #takeToken(token: string): Promise<Claims> {
    const { sql, verifyToken } = this.#dependencies;
    const claims = await verifyToken(token);
    if (this.#room.private) {
      await requireRead(sql, this.#room.name, { claims, headers: this.#socket.headers });
    }
    this.#token = token;
    return claims;
  }

  #watchExpiry({ exp }: Claims): void {
    clearTimeout(this.#tokenTimer);
    if (this.#isClosed) return;
    const left = Math.max(exp * 1000 - Date.now(), 0);
    const wait = Math.min(left, this.#dependencies.settings.tokenCheckMs);
    this.#tokenTimer = setTimeout(
      () => this.#enqueue(() => this.#shutDownUnless(this.#dependencies.verifyToken(this.#token))),
      wait
    );
    this.#tokenTimer.unref();
  }

  /** Keeps the channel if `check` finds the token to be good, and says why if not. */
  async #shutDownUnless(check: Promise<Claims>): Promise<void> {
    try {
      this.#watchExpiry(await check);
    } catch (error) {
      const refusal = asRealtimeError(error);
      if (refusal.code === 'MissingPartition') this.#dependencies.repairPartitions();
      this.#shutDown(refusal.message);
    }
  }

  async #refreshToken(payload: unknown): Promise<void> {
    const token = tokenRefresh.safeParse(payload).data?.access_token;
    if (!token || token.startsWith('sb_') || token === this.#token) return;
    await this.#shutDownUnless(this.#takeToken(token));
  }

  // Messages of the client

  #handle({ ref, event, payload }: Message): Promise<void> | void {
    switch (event) {
      case 'phx_leave':
        this.#reply(ref, 'ok', {});
        return this.close();
      case 'access_token':
        return this.#refreshToken(payload);
      default:
        // Hosted projects are as silent to those who may not send, and here nobody may.
        this.#dependencies.settings.log('A message of a client was dropped: only the database sends here.', {
          event
        });
    }
  }
}
