import { RealtimeClient } from '@supabase/supabase-js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeMessage, encodeMessage, FrameError, type Message } from '../realtime/frames.ts';

// The other side of the wire, unmodified.
const { encode, decode } = new RealtimeClient('ws://localhost/realtime/v1', { params: { apikey: 'key' } });

function sentByClient(message: Parameters<typeof encode>[0]): unknown {
  let sent: unknown;
  encode(message, (frame: unknown) => (sent = frame));
  return sent;
}

function readByClient(frame: string): unknown {
  let read: unknown;
  decode(frame, (message: unknown) => (read = message));
  return read;
}

const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const ref = fc.option(fc.string({ minLength: 1, maxLength: 10 }), { nil: null });
const payload = fc
  .dictionary(text, fc.jsonValue())
  .map((value) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>);

describe('frames of version 2.0.0', () => {
  test('a message of the client is read as it was sent', () => {
    // Broadcasts of clients, which nobody takes here, are sent as bytes.
    const event = text.filter((name) => name !== 'broadcast');
    fc.assert(
      fc.property(ref, ref, text, event, payload, (joinRef, ownRef, topic, name, body) => {
        const frame = sentByClient({ join_ref: joinRef, ref: ownRef, topic, event: name, payload: body });
        expect(decodeMessage('2.0.0', String(frame))).toEqual({
          joinRef,
          ref: ownRef,
          topic,
          event: name,
          payload: body
        });
      })
    );
  });

  test('the client reads our messages as they were meant, broadcasts included', () => {
    const event = fc.oneof(text, fc.constant('broadcast'));
    fc.assert(
      fc.property(ref, ref, text, event, payload, (joinRef, ownRef, topic, name, body) => {
        const message: Message = { joinRef, ref: ownRef, topic, event: name, payload: body };
        expect(readByClient(encodeMessage('2.0.0', message))).toEqual({
          join_ref: joinRef,
          ref: ownRef,
          topic,
          event: name,
          payload: body
        });
      })
    );
  });
});

test('messages of version 1.0.0 are objects', () => {
  const frame = JSON.stringify({ topic: 't', event: 'e', payload: { a: 1 }, ref: '2', join_ref: '1' });
  expect(decodeMessage('1.0.0', frame)).toEqual({
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

test.each(['1.0.0', '2.0.0'] as const)(
  'whatever the text, version %s reads it or throws a FrameError',
  (version) => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (data) => {
        try {
          decodeMessage(version, data);
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
        }
      }),
      { numRuns: 1000 }
    );
  }
);
