import type { RawData, WebSocket } from 'ws';
import { Channel, type ChannelSocket, type Dependencies } from './channel.ts';
import { decodeMessage, encodeMessage, FrameError, type Message, type Version } from './frames.ts';

/** What the handshake told. */
export interface Handshake {
  version: Version;
  keyToken: string;
  headers: Record<string, string>;
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString();
  return Buffer.from(data as ArrayBuffer).toString();
}

/** One client. Sorts what it sends by channel, and drops it when it is dead or does not read. */
export class ClientSocket implements ChannelSocket {
  readonly version: Version;
  readonly keyToken: string;
  readonly headers: Record<string, string>;
  #dependencies: Dependencies;
  #webSocket: WebSocket;
  #channels = new Map<string, Channel>();
  #lastHeard = performance.now();

  constructor(dependencies: Dependencies, webSocket: WebSocket, { version, keyToken, headers }: Handshake) {
    this.version = version;
    this.keyToken = keyToken;
    this.headers = headers;
    this.#dependencies = dependencies;
    this.#webSocket = webSocket;
    webSocket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    webSocket.on('close', () => this.#abandonChannels());
    // Too large or malformed WebSocket frames: ws closes the connection by itself.
    webSocket.on('error', () => undefined);
  }

  get channelCount(): number {
    return this.#channels.size;
  }

  send(frame: string): void {
    const webSocket = this.#webSocket;
    if (webSocket.readyState !== webSocket.OPEN) return;
    if (webSocket.bufferedAmount > this.#dependencies.settings.maxBufferedBytes) {
      this.#dependencies.settings.log('A client does not read what it is sent; the connection was cut.');
      webSocket.terminate();
      return;
    }
    webSocket.send(frame);
  }

  push(message: Message): void {
    this.send(encodeMessage(this.version, message));
  }

  /** Cuts the connection if the client has not been heard for too long. */
  dropIfDead(): void {
    if (performance.now() - this.#lastHeard > this.#dependencies.settings.heartbeatTimeoutMs)
      this.terminate();
  }

  terminate(): void {
    this.#webSocket.terminate();
  }

  #abandonChannels(): void {
    for (const channel of this.#channels.values()) channel.abandon();
    this.#channels.clear();
  }

  #receive(data: RawData, isBinary: boolean): void {
    this.#lastHeard = performance.now();
    try {
      // Clients send bytes only to broadcast, which nobody may here.
      if (isBinary) throw new FrameError('The embedded stack takes no broadcasts of clients.');
      this.#route(decodeMessage(this.version, textOf(data)));
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#webSocket.close(1007, error.message);
    }
  }

  #route(message: Message): void {
    const { topic, event, joinRef } = message;
    if (topic === 'phoenix' && event === 'heartbeat') return this.#reply(message, 'ok', {});
    if (event === 'phx_join') return this.#join(message);
    const channel = this.#channels.get(topic);
    if (!channel) return this.#answerForNobody(message);
    // Meant for an earlier channel of the same name.
    if (joinRef !== null && joinRef !== channel.joinRef) return;
    channel.receive(message);
  }

  #join(message: Message): void {
    const { topic } = message;
    if (!topic.startsWith('realtime:')) return this.#reply(message, 'error', { reason: 'unmatched topic' });
    this.#channels.get(topic)?.close();
    const channel: Channel = new Channel(this.#dependencies, this, message, () => {
      if (this.#channels.get(topic) === channel) this.#channels.delete(topic);
    });
    this.#channels.set(topic, channel);
  }

  #answerForNobody(message: Message): void {
    if (message.event === 'phx_leave') this.#reply(message, 'ok', {});
    else this.#reply(message, 'error', { reason: 'unmatched topic' });
  }

  #reply(
    { joinRef, ref, topic }: Pick<Message, 'joinRef' | 'ref' | 'topic'>,
    status: 'ok' | 'error',
    response: Record<string, unknown>
  ): void {
    this.push({ joinRef, ref, topic, event: 'phx_reply', payload: { status, response } });
  }
}
