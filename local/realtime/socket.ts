import type { RawData, WebSocket } from 'ws';
import { Channel, type ChannelSocket, type Services } from './channel.ts';
import {
  decodeFrame,
  encodeMessage,
  FrameError,
  type Incoming,
  type Message,
  type Version
} from './frames.ts';

/** What the handshake told. */
export interface Handshake {
  version: Version;
  keyToken: string;
  headers: Record<string, string>;
}

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}

/** One client. Sorts what it sends by channel, and drops it when it is dead or does not read. */
export class ClientSocket implements ChannelSocket {
  readonly version: Version;
  readonly keyToken: string;
  readonly headers: Record<string, string>;
  #services: Services;
  #webSocket: WebSocket;
  #channels = new Map<string, Channel>();
  #lastHeard = performance.now();

  constructor(services: Services, webSocket: WebSocket, { version, keyToken, headers }: Handshake) {
    this.version = version;
    this.keyToken = keyToken;
    this.headers = headers;
    this.#services = services;
    this.#webSocket = webSocket;
    webSocket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    webSocket.on('close', () => this.#abandonChannels());
    // Too large or malformed WebSocket frames: ws closes the connection by itself.
    webSocket.on('error', () => undefined);
  }

  get channelCount(): number {
    return this.#channels.size;
  }

  send(frame: string | Uint8Array): void {
    const webSocket = this.#webSocket;
    if (webSocket.readyState !== webSocket.OPEN) return;
    if (webSocket.bufferedAmount > this.#services.settings.maxBufferedBytes) {
      this.#services.settings.log('A client does not read what it is sent; the connection was cut.');
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
    if (performance.now() - this.#lastHeard > this.#services.settings.heartbeatTimeoutMs) this.terminate();
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
      const bytes = bytesOf(data);
      this.#route(decodeFrame(this.version, isBinary ? bytes : Buffer.from(bytes).toString()));
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#webSocket.close(1007, error.message);
    }
  }

  #route(incoming: Incoming): void {
    if (incoming.kind === 'message') {
      if (incoming.topic === 'phoenix' && incoming.event === 'heartbeat')
        return this.#reply(incoming, 'ok', {});
      if (incoming.event === 'phx_join') return this.#join(incoming);
    }
    const channel = this.#channels.get(incoming.topic);
    if (!channel) return this.#answerForNobody(incoming);
    // Meant for an earlier channel of the same name.
    if (incoming.joinRef !== null && incoming.joinRef !== channel.joinRef) return;
    channel.receive(incoming);
  }

  #join(message: Message): void {
    const { topic } = message;
    if (!topic.startsWith('realtime:')) return this.#reply(message, 'error', { reason: 'unmatched topic' });
    this.#channels.get(topic)?.close();
    const channel: Channel = new Channel(this.#services, this, message, () => {
      if (this.#channels.get(topic) === channel) this.#channels.delete(topic);
    });
    this.#channels.set(topic, channel);
  }

  #answerForNobody(incoming: Incoming): void {
    if (incoming.kind === 'message' && incoming.event === 'phx_leave') this.#reply(incoming, 'ok', {});
    else this.#reply(incoming, 'error', { reason: 'unmatched topic' });
  }

  #reply(
    { joinRef, ref, topic }: Pick<Message, 'joinRef' | 'ref' | 'topic'>,
    status: 'ok' | 'error',
    response: Record<string, unknown>
  ): void {
    this.push({ joinRef, ref, topic, event: 'phx_reply', payload: { status, response } });
  }
}
