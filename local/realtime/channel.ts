import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type postgres from 'postgres';
import { z } from 'zod';
import { Access } from './access.ts';
import type { Extension } from './authorization.ts';
import { asRefusal, Refusal } from './errors.ts';
import type { Broadcast, Incoming, Message, Version } from './frames.ts';
import { encodeDelivery, type Delivery, type Hub, type RoomName, type Subscriber } from './hub.ts';
import { readJoinRequest, type JoinRequest } from './join-request.ts';
import { messagesSince, replayRequest, type ReplayedMessage } from './replay.ts';
import type { Replication } from './replication.ts';
import type { Settings } from './settings.ts';
import type { Claims, VerifyToken } from './tokens.ts';

/** What channels share. */
export interface Services {
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
  send(frame: string | Uint8Array): void;
  push(message: Message): void;
}

const tokenRefresh = z.object({ access_token: z.string() });
const presenceEvent = z.object({ event: z.string(), payload: z.unknown().optional() });
const presencePayload = z.record(z.string(), z.unknown());

function sizeOf(delivery: Delivery): number {
  return 'broadcast' in delivery
    ? delivery.broadcast.payload.length
    : Buffer.byteLength(JSON.stringify(delivery.payload ?? null));
}

/**
 * One channel of one socket, from `phx_join` to `phx_close`. What the client sends is handled one after the other,
 * because an earlier message (a new token, say) decides about a later one.
 */
export class Channel implements Subscriber {
  readonly version: Version;
  readonly joinRef: string | null;
  #services: Services;
  #socket: ChannelSocket;
  #topic: string;
  #join: Message;
  #request: JoinRequest;
  #room: RoomName;
  #access: Access;
  #presenceKey: string;
  #presenceEnabled: boolean;
  #queue: Promise<void>;
  #closed = new AbortController();
  #onClosed: () => void;
  #tokenTimer: NodeJS.Timeout | undefined;
  #replayedIds = new Set<string>();
  /** Holds what arrives between being let in and being told so; undefined once told. */
  #early: { frame: string | Uint8Array; messageId: string | undefined }[] | undefined = [];

  /** Begins to join at once. `onClosed` is called when the channel is gone, for whatever reason but `abandon`. */
  constructor(services: Services, socket: ChannelSocket, join: Message, onClosed: () => void) {
    this.version = socket.version;
    this.joinRef = join.joinRef;
    this.#services = services;
    this.#socket = socket;
    this.#topic = join.topic;
    this.#join = join;
    this.#request = readJoinRequest(join.payload);
    this.#room = { name: join.topic.replace(/^realtime:/, ''), private: this.#request.private };
    this.#access = new Access(services.sql, services.verifyToken, this.#room, socket.headers);
    this.#presenceKey = this.#request.presenceKey || randomUUID();
    this.#presenceEnabled = this.#request.presenceEnabled;
    this.#onClosed = onClosed;
    this.#queue = this.#joinOrRefuse();
  }

  /** Handles a message as soon as those before it are done. */
  receive(incoming: Incoming): void {
    this.#enqueue(() => this.#handle(incoming));
  }

  deliver(frame: string | Uint8Array, messageId?: string): void {
    if (!this.#access.mayRead('broadcast')) return;
    if (messageId && this.#replayedIds.has(messageId)) return;
    if (this.#early) this.#early.push({ frame, messageId });
    else this.#socket.send(frame);
  }

  deliverPresence(frame: string): void {
    if (this.#early || !this.#presenceEnabled || !this.#access.mayRead('presence')) return;
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
    this.#services.hub.leave(this.#room, this);
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
    const { code, cause } = asRefusal(error);
    if (code === 'MissingPartition') this.#services.repairPartitions();
    this.#services.settings.log(message, {
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
      const replayed = await this.#admit();
      if (!this.#isClosed) this.#welcome(replayed);
    } catch (error) {
      const refusal = asRefusal(error);
      if (refusal.cause) this.#logFailure('A channel was not joined.', refusal);
      this.#services.hub.leave(this.#room, this);
      const { signal } = this.#closed;
      await sleep(this.#services.settings.joinErrorDelayMs, undefined, { signal, ref: false }).catch(
        () => undefined
      );
      if (this.#isClosed) return;
      this.#reply(this.#join.ref, 'error', { reason: refusal.reason });
      this.abandon();
      this.#onClosed();
    }
  }

  /** Everything that can refuse a join, in the order in which it is said. */
  async #admit(): Promise<ReplayedMessage[]> {
    const { settings, sql, hub } = this.#services;
    const { replay, postgresChanges } = this.#request;
    if (this.#room.name === '') throw new Refusal('TopicNameRequired', 'You must provide a topic name');
    if (this.#socket.channelCount >= settings.maxChannelsPerSocket) {
      throw new Refusal('ChannelRateLimitReached', 'Too many channels');
    }
    if (postgresChanges.length > 0) {
      throw new Refusal(
        'RealtimeDisabledForConfiguration',
        'The embedded stack offers no postgres_changes; send broadcasts with realtime.broadcast_changes in a trigger'
      );
    }
    const { accessToken } = this.#request;
    const token = !accessToken || accessToken.startsWith('sb_') ? this.#socket.keyToken : accessToken;
    this.#watchExpiry(await this.#access.grant(token, this.#extensions()));
    if (this.#isClosed) return [];

    const wanted = this.#readReplayRequest(replay);
    // Joined before the old messages are read: none can fall between old and new.
    hub.join(this.#room, this);
    const replayed = wanted ? await messagesSince(sql, this.#room.name, wanted) : [];
    for (const { id } of replayed) this.#replayedIds.add(id);
    return replayed;
  }

  #readReplayRequest(replay: unknown): z.infer<typeof replayRequest> | undefined {
    if (replay === undefined) return undefined;
    if (!this.#room.private) {
      throw new Refusal('UnableToReplayMessages', 'Replay is not allowed for public channels');
    }
    if (!this.#access.mayRead('broadcast')) {
      throw new Refusal(
        'Unauthorized',
        `You do not have permissions to read from this Channel topic: ${this.#room.name}`
      );
    }
    const parsed = replayRequest.safeParse(replay);
    if (!parsed.success) throw new Refusal('UnableToReplayMessages', 'Replay params are not valid');
    return parsed.data;
  }

  #welcome(replayed: ReplayedMessage[]): void {
    this.#reply(this.#join.ref, 'ok', { postgres_changes: [] });
    for (const { delivery } of replayed) {
      const frame = encodeDelivery(this.version, this.#topic, delivery);
      if (frame !== undefined) this.#socket.send(frame);
    }
    this.#sendPresenceState();
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const { frame, messageId } of early) this.deliver(frame, messageId);
    if (this.#request.replicationReady) void this.#announceReplication();
  }

  async #announceReplication(): Promise<void> {
    const abort = new AbortController();
    const signal = AbortSignal.any([abort.signal, this.#closed.signal]);
    const late = sleep(this.#services.settings.replicationReadyTimeoutMs, 'late', {
      signal,
      ref: false
    }).catch(() => 'closed');
    const outcome = await Promise.race([this.#services.replication.ready.then(() => 'ready'), late]);
    abort.abort();
    if (this.#isClosed) return;
    if (outcome === 'ready') this.#system('ok', 'Replication connection established');
    else this.#shutDown('Replication connection was not established in time');
  }

  // Tokens

  #extensions(): Extension[] {
    return this.#presenceEnabled ? ['broadcast', 'presence'] : ['broadcast'];
  }

  #watchExpiry({ exp }: Claims): void {
    clearTimeout(this.#tokenTimer);
    if (this.#isClosed) return;
    const left = Math.max(exp * 1000 - Date.now(), 0);
    const wait = Math.min(left, this.#services.settings.tokenCheckMs);
    this.#tokenTimer = setTimeout(
      () => this.#enqueue(() => this.#shutDownUnless(this.#access.confirm())),
      wait
    );
    this.#tokenTimer.unref();
  }

  /** Keeps the channel if `check` finds the token to be good, and says why if not. */
  async #shutDownUnless(check: Promise<Claims>): Promise<void> {
    try {
      this.#watchExpiry(await check);
    } catch (error) {
      const refusal = asRefusal(error);
      if (refusal.code === 'MissingPartition') this.#services.repairPartitions();
      this.#shutDown(refusal.message);
    }
  }

  async #refreshToken(payload: unknown): Promise<void> {
    const token = tokenRefresh.safeParse(payload).data?.access_token;
    if (!token || token.startsWith('sb_') || token === this.#access.token) return;
    await this.#shutDownUnless(this.#access.renew(token, this.#extensions()));
  }

  // Messages of the client

  #handle(incoming: Incoming): Promise<void> | void {
    if (incoming.kind === 'broadcast') {
      // Metadata is for the server; the receivers get none.
      const { event, encoding, payload }: Broadcast = incoming.broadcast;
      return this.#broadcast(incoming.ref, { broadcast: { event, encoding, payload } });
    }
    const { ref, event, payload } = incoming;
    switch (event) {
      case 'phx_leave':
        this.#reply(ref, 'ok', {});
        return this.close();
      case 'access_token':
        return this.#refreshToken(payload);
      case 'broadcast':
        return this.#broadcast(ref, { event: 'broadcast', payload });
      case 'presence':
        return this.#presence(ref, payload);
    }
  }

  async #broadcast(ref: string | null, delivery: Delivery): Promise<void> {
    // As on hosted projects, a send without the right to it is met with silence.
    if (!(await this.#access.mayWrite('broadcast')) || this.#isClosed) return;
    const { ack, self } = this.#request;
    if (sizeOf(delivery) > this.#services.settings.maxPayloadBytes) {
      if (ack) this.#reply(ref, 'error', { reason: 'payload_size_exceeded' });
      return;
    }
    this.#services.hub.publish(this.#room, delivery, self ? {} : { except: this });
    if (ack) this.#reply(ref, 'ok', {});
  }

  async #presence(ref: string | null, payload: unknown): Promise<void> {
    const { hub } = this.#services;
    const message = presenceEvent.safeParse(payload).data;
    switch (message?.event.toLowerCase()) {
      case 'track': {
        const entry = presencePayload.safeParse(message?.payload ?? {});
        if (!entry.success)
          return this.#reply(ref, 'error', { reason: 'Presence track payload must be a map' });
        if (!(await this.#access.mayWrite('presence'))) return this.#reply(ref, 'error', {});
        await this.#enablePresence();
        hub.track(this.#room, this, this.#presenceKey, entry.data);
        return this.#reply(ref, 'ok', {});
      }
      case 'untrack':
        hub.untrack(this.#room, this);
        return this.#reply(ref, 'ok', {});
      default:
        return this.#reply(ref, 'error', {});
    }
  }

  /** Who tells about themselves also wants to hear about the others. */
  async #enablePresence(): Promise<void> {
    if (this.#presenceEnabled) return;
    await this.#access.askToReadPresence();
    this.#presenceEnabled = true;
    this.#sendPresenceState();
  }

  #sendPresenceState(): void {
    if (!this.#presenceEnabled || !this.#access.mayRead('presence')) return;
    this.#push('presence_state', this.#services.hub.presenceState(this.#room));
  }
}
