import { Duplex } from 'node:stream';
import { brotliDecompressSync, createBrotliDecompress, createGunzip, gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { compress } from '../../src/lib/server/request/compress.ts';

const PAGE = '<!doctype html>'.repeat(500);

const asked = (encoding?: string) =>
  new Request('http://site/', encoding === undefined ? {} : { headers: { 'accept-encoding': encoding } });
const aPage = (headers: Record<string, string> = {}, body: BodyInit | null = PAGE) =>
  new Response(body, { status: 201, headers: { 'content-type': 'text/html', vary: 'cookie', ...headers } });

describe('an answer', () => {
  test.each([
    ['gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['br;q=0, *', 'gzip'],
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip;q=0, br', 'br'],
    ['*', 'br']
  ])('is compressed for who takes %s by %s', async (accepted, coding) => {
    const answer = compress(asked(accepted), aPage({ etag: '"x"', 'content-length': '7500' }));
    expect(answer.status).toBe(201);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-encoding': coding,
      vary: 'cookie, accept-encoding',
      etag: `"x-${coding}"`
    });
    expect(answer.headers.has('content-length')).toBe(false);
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(bytes.length).toBeLessThan(PAGE.length / 10);
    const plain = coding === 'br' ? brotliDecompressSync(bytes) : gunzipSync(bytes);
    expect(plain.toString()).toBe(PAGE);
  });

  test.each([undefined, '', 'zstd', 'identity', 'br;q=0', 'gzip;q=0', 'gzip; q=0.000'])(
    'is left as it is for who takes %s, and no cache mixes the two up',
    async (encoding) => {
      const answer = compress(asked(encoding), aPage({ etag: '"x"' }));
      expect(answer.headers.has('content-encoding')).toBe(false);
      expect(answer.headers.get('etag')).toBe('"x"');
      expect(answer.headers.get('vary')).toBe('cookie, accept-encoding');
      expect(await answer.text()).toBe(PAGE);
    }
  );

  test('is not compressed twice, nor without a body, nor when it is a picture', () => {
    const coded = compress(asked('gzip'), aPage({ 'content-encoding': 'br' }));
    expect(coded.headers.get('content-encoding')).toBe('br');
    expect(compress(asked('gzip'), aPage({}, null)).headers.has('content-encoding')).toBe(false);
    const picture = aPage({ 'content-type': 'image/png' });
    expect(compress(asked('gzip'), picture)).toBe(picture);
  });

  test('keeps each of its cookies', () => {
    const page = aPage();
    page.headers.append('set-cookie', 'a=1');
    page.headers.append('set-cookie', 'b=2');
    expect(compress(asked('gzip'), page).headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  });

  test.each(['gzip', 'br'])('that is streamed arrives piece by piece by %s', async (coding) => {
    let end: () => void = () => undefined;
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('<p>first</p>'));
        end = () => controller.close();
      }
    });
    const { body } = compress(asked(coding), aPage({}, stream));
    const decompression = Duplex.toWeb(coding === 'br' ? createBrotliDecompress() : createGunzip());
    const reader = (body ?? stream)
      .pipeThrough(decompression as ReadableWritablePair<Uint8Array, Uint8Array>)
      .getReader();
    // The end has not come yet.
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('<p>first</p>');
    end();
    expect((await reader.read()).done).toBe(true);
  });

  test('has a length that says little', () => {
    const lengths = Array.from({ length: 50 }, () =>
      compress(asked('gzip'), aPage()).headers.get('x-padding')
    );
    expect(new Set(lengths).size).toBeGreaterThan(10);
  });
});
