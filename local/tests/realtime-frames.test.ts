import { RealtimeClient } from '@supabase/supabase-js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeFrame,
  encodeBroadcast,
  encodeMessage,
  FrameError,
  type Broadcast,
  type Message
} from '../realtime/frames.ts';

// The other side of the wire, unmodified.
const { encode, decode } = new RealtimeClient('ws://localhost/realtime/v1', { params: { apikey: 'key' } });

function sentByClient(message: Parameters<typeof encode>[0]): string | Uint8Array {
  let sent: string | ArrayBuffer = '';
  encode(message, (frame: string | ArrayBuffer) => (sent = frame));
  return typeof sent === 'string' ? sent : new Uint8Array(sent);
}

function readByClient(frame: string | Uint8Array): unknown {
  let read: unknown;
  decode(
    typeof frame === 'string' ? frame : new Uint8Array(frame).buffer,
    (message: unknown) => (read = message)
  );
  return read;
}

// Names have to fit into the one byte that tells their length.
const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((name) => Buffer.byteLength(name) < 256);
const ref = fc.option(fc.string({ minLength: 1, maxLength: 10 }), { nil: null });
const payload = fc
  .dictionary(text, fc.jsonValue())
  .map((value) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>);
const bytes = fc.uint8Array({ maxLength: 200 });

describe('frames of version 2.0.0', () => {
  test('a message of the client is read as it was sent', () => {
    const event = text.filter((name) => name !== 'broadcast');
    fc.assert(
      fc.property(ref, ref, text, event, payload, (joinRef, ownRef, topic, name, body) => {
        const frame = sentByClient({ join_ref: joinRef, ref: ownRef, topic, event: name, payload: body });
        expect(decodeFrame('2.0.0', frame)).toEqual({
          kind: 'message',
          joinRef,
          ref: ownRef,
          topic,
          event: name,
          payload: body
        });
      })
    );
  });

  test('a JSON broadcast of the client is read as it was sent', () => {
    fc.assert(
      fc.property(ref, ref, text, text, payload, (joinRef, ownRef, topic, event, body) => {
        const frame = sentByClient({
          join_ref: joinRef,
          ref: ownRef,
          topic,
          event: 'broadcast',
          payload: { type: 'broadcast', event, payload: body }
        });
        expect(frame).toBeInstanceOf(Uint8Array);
        const read = decodeFrame('2.0.0', frame);
        if (read.kind !== 'broadcast') throw new Error('not read as a broadcast');
        expect({ ...read, broadcast: undefined }).toEqual({ kind: 'broadcast', joinRef, ref: ownRef, topic });
        expect(read.broadcast).toMatchObject({ event, encoding: 'json' });
        expect(JSON.parse(Buffer.from(read.broadcast.payload).toString())).toEqual(body);
      })
    );
  });

  test('a broadcast of bytes is read as it was sent', () => {
    fc.assert(
      fc.property(text, text, bytes, (topic, event, body) => {
        const frame = sentByClient({
          join_ref: '1',
          ref: '2',
          topic,
          event: 'broadcast',
          payload: { type: 'broadcast', event, payload: new Uint8Array(body).buffer }
        });
        expect(decodeFrame('2.0.0', frame)).toEqual({
          kind: 'broadcast',
          joinRef: '1',
          ref: '2',
          topic,
          broadcast: { event, encoding: 'binary', payload: body }
        });
      })
    );
  });

  test('the client reads our messages as they were meant', () => {
    fc.assert(
      fc.property(ref, ref, text, text, payload, (joinRef, ownRef, topic, event, body) => {
        const message: Message = { joinRef, ref: ownRef, topic, event, payload: body };
        expect(readByClient(encodeMessage('2.0.0', message))).toEqual({
          join_ref: joinRef,
          ref: ownRef,
          topic,
          event,
          payload: body
        });
      })
    );
  });

  test('the client reads our broadcasts as they were meant', () => {
    const meta = fc.option(fc.record({ id: fc.uuid(), replayed: fc.boolean() }), { nil: undefined });
    fc.assert(
      fc.property(text, text, payload, meta, (topic, event, body, extra) => {
        const broadcast: Broadcast = {
          event,
          encoding: 'json',
          payload: Buffer.from(JSON.stringify(body)),
          ...(extra && { meta: extra })
        };
        const frame = encodeBroadcast('2.0.0', topic, broadcast);
        expect(readByClient(frame ?? '')).toEqual({
          join_ref: null,
          ref: null,
          topic,
          event: 'broadcast',
          payload: { type: 'broadcast', event, payload: body, ...(extra && { meta: extra }) }
        });
      })
    );
  });

  test('the layout of a broadcast is kind, lengths, encoding, fields, payload', () => {
    const broadcast: Broadcast = { event: 'é', encoding: 'json', payload: Buffer.from('{}'), meta: { a: 1 } };
    expect(Buffer.from(encodeBroadcast('2.0.0', 'realtime:x', broadcast) ?? '')).toEqual(
      Buffer.concat([Uint8Array.of(4, 10, 2, 7, 1), Buffer.from('realtime:xé{"a":1}{}')])
    );
  });

  test('whatever the bytes, they are a frame or a FrameError', () => {
    const start = fc.oneof(
      bytes,
      bytes.map((rest) => Uint8Array.of(3, ...rest))
    );
    fc.assert(
      fc.property(fc.oneof(start, fc.string(), fc.json()), (data) => {
        try {
          decodeFrame('2.0.0', data);
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
        }
      }),
      { numRuns: 1000 }
    );
  });

  test('a frame that is cut off inside its header is refused', () => {
    const frame = sentByClient({
      join_ref: '1',
      ref: '2',
      topic: 'realtime:room',
      event: 'broadcast',
      payload: { type: 'broadcast', event: 'hello', payload: {} }
    });
    const headerLength = 7 + 1 + 1 + 'realtime:room'.length + 'hello'.length;
    for (let length = 0; length <= headerLength; length++) {
      expect(() => decodeFrame('2.0.0', Buffer.from(frame).subarray(0, length))).toThrow(FrameError);
    }
  });

  test('a topic that does not fit into a frame is refused', () => {
    const broadcast: Broadcast = { event: 'e', encoding: 'json', payload: Buffer.from('{}') };
    expect(() => encodeBroadcast('2.0.0', 'x'.repeat(256), broadcast)).toThrow(FrameError);
    expect(encodeBroadcast('2.0.0', 'x'.repeat(255), broadcast)).toBeInstanceOf(Uint8Array);
  });
});

describe('frames of version 1.0.0', () => {
  test('messages are objects', () => {
    const frame = JSON.stringify({ topic: 't', event: 'e', payload: { a: 1 }, ref: '2', join_ref: '1' });
    expect(decodeFrame('1.0.0', frame)).toEqual({
      kind: 'message',
      joinRef: '1',
      ref: '2',
      topic: 't',
      event: 'e',
      payload: { a: 1 }
    });
    expect(encodeMessage('1.0.0', { joinRef: '1', ref: '2', topic: 't', event: 'e', payload: {} })).toBe(
      '{"topic":"t","event":"e","payload":{},"ref":"2"}'
    );
  });

  test('JSON broadcasts are objects, bytes cannot be carried', () => {
    const broadcast: Broadcast = {
      event: 'e',
      encoding: 'json',
      payload: Buffer.from('{"a":1}'),
      meta: { id: 'i' }
    };
    expect(encodeBroadcast('1.0.0', 't', broadcast)).toBe(
      '{"topic":"t","event":"broadcast","payload":{"type":"broadcast","event":"e","payload":{"a":1},"meta":{"id":"i"}},"ref":null}'
    );
    expect(encodeBroadcast('1.0.0', 't', { ...broadcast, encoding: 'binary' })).toBeUndefined();
    expect(() => decodeFrame('1.0.0', Uint8Array.of(3))).toThrow(FrameError);
  });
});
