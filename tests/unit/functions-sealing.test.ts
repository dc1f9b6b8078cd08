import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatVerificationId,
  newVerificationId,
  open,
  parseVerificationId,
  purposes,
  seal
} from '../../supabase/functions/_shared/account/sealing.ts';

const requests = fc.record({
  phone_number: fc.string({ unit: 'grapheme' }),
  password: fc.string({ unit: 'grapheme' }),
  age: fc.integer()
});
const purpose = fc.constantFrom(...purposes);
const otherPurpose = fc.tuple(purpose, purpose).filter(([one, other]) => one !== other);

describe('a sealed request', () => {
  test('opens with the id it was sealed for, whatever it holds', async () => {
    await fc.assert(
      fc.asyncProperty(requests, purpose, async (request, purpose) => {
        const id = newVerificationId();
        expect(await open(await seal(request, id, purpose), id, purpose)).toEqual(request);
      })
    );
  });

  test('holds nothing that can be read', async () => {
    const request = { phone_number: '+919876543210', password: 'correct horse battery' };
    const sealed = Buffer.from(await seal(request, newVerificationId(), 'register'));
    for (const secret of ['9876543210', 'correct', 'phone_number'])
      expect(sealed.includes(secret)).toBe(false);
  });

  test('is another each time, also for the same request', async () => {
    const id = newVerificationId();
    const sealed = await Promise.all(Array.from({ length: 50 }, () => seal({ age: 1 }, id, 'link')));
    expect(new Set(sealed.map((bytes) => Buffer.from(bytes).toString('hex'))).size).toBe(50);
  });

  test('never opens once a bit of it is changed, or a byte is missing or added', async () => {
    const id = newVerificationId();
    const sealed = await seal({ phone: '+919876543210' }, id, 'reset');
    await fc.assert(
      fc.asyncProperty(fc.nat(sealed.length - 1), fc.nat(7), async (index, bit) => {
        const changed = Uint8Array.from(sealed);
        changed[index] = (changed[index] ?? 0) ^ (1 << bit);
        expect(await open(changed, id, 'reset')).toBeUndefined();
        expect(await open(sealed.subarray(0, index), id, 'reset')).toBeUndefined();
      })
    );
    expect(await open(Uint8Array.from([...sealed, 0]), id, 'reset')).toBeUndefined();
  });

  test('never opens for another row, key or purpose', async () => {
    await fc.assert(
      fc.asyncProperty(requests, otherPurpose, async (request, [sealedFor, openedAs]) => {
        const id = newVerificationId();
        const other = newVerificationId();
        const sealed = await seal(request, id, sealedFor);
        expect(await open(sealed, { ...id, id: other.id }, sealedFor)).toBeUndefined();
        expect(await open(sealed, { ...id, key: other.key }, sealedFor)).toBeUndefined();
        expect(await open(sealed, id, openedAs)).toBeUndefined();
      })
    );
  });
});

describe('a verification id', () => {
  test('comes back from its text as it was', () => {
    for (let count = 0; count < 200; count++) {
      const id = newVerificationId();
      expect(parseVerificationId(formatVerificationId(id))).toEqual(id);
    }
  });

  test('has one spelling: any other text is none, or another id', () => {
    const text = formatVerificationId(newVerificationId());
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ unit: 'grapheme', maxLength: 3 }), (at, put) => {
        const changed = text.slice(0, at) + put + text.slice(at + 1);
        const parsed = parseVerificationId(changed);
        expect(parsed === undefined || formatVerificationId(parsed) === changed).toBe(true);
        if (changed !== text) expect(parsed).not.toEqual(parseVerificationId(text));
      })
    );
  });

  test.each([
    '',
    'x',
    '.',
    "'; drop table",
    `${'0'.repeat(36)}.${'A'.repeat(43)}`,
    `${crypto.randomUUID()}.`
  ])('%j is none', (text) => {
    expect(parseVerificationId(text)).toBeUndefined();
  });

  test('is none with anything before or after it', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (more) => {
        const text = formatVerificationId(newVerificationId());
        expect(parseVerificationId(text + more)).toBeUndefined();
        expect(parseVerificationId(more + text)).toBeUndefined();
      })
    );
  });
});
