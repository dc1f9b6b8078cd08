import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSealer } from '../../src/lib/server/request/sealing.ts';

const SECRET = 'a secret that all instances of a site share';
const form = { name: 'Asha Rao', password: 'correct horse battery' };

test('what was sealed opens again, in every instance with the same secret', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.string(), async (value, purpose) => {
      const sealed = await createSealer(SECRET).seal(purpose, value, 60);
      expect(sealed).toMatch(/^[\w-]+$/);
      // As JSON has it: no negative zero.
      expect(await createSealer(SECRET).open(purpose, sealed)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
    { numRuns: 50 }
  );
});

test('what was sealed shows nothing, and never looks the same', async () => {
  const sealer = createSealer(SECRET);
  const [one, two] = await Promise.all([sealer.seal('/link', form, 60), sealer.seal('/link', form, 60)]);
  expect(one).not.toBe(two);
  for (const part of ['Asha', 'horse', 'password']) {
    expect(Buffer.from(one, 'base64url').toString('latin1')).not.toContain(part);
  }
});

test('a changed, cut or made-up text never opens', async () => {
  const sealer = createSealer(SECRET);
  const bytes = Buffer.from(await sealer.seal('/link', form, 60), 'base64url');
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ change, at);
      expect(await sealer.open('/link', changed.toString('base64url'))).toBeUndefined();
      expect(await sealer.open('/link', bytes.subarray(0, at).toString('base64url'))).toBeUndefined();
    }),
    { numRuns: 100 }
  );
  await fc.assert(
    fc.asyncProperty(fc.string(), async (text) => {
      expect(await sealer.open('/link', text)).toBeUndefined();
    }),
    { numRuns: 50 }
  );
});

test('nothing opens for another purpose, with another secret, in another process without one, or too late', async () => {
  let now = 0;
  const sealer = createSealer(SECRET, () => now);
  const sealed = await sealer.seal('/link', form, 60);
  expect(await sealer.open('/verify', sealed)).toBeUndefined();
  expect(await createSealer(`${SECRET}!`, () => now).open('/link', sealed)).toBeUndefined();
  const [alone, other] = [createSealer(undefined), createSealer(undefined)];
  const own = await alone.seal('/link', form, 60);
  expect(await alone.open('/link', own)).toEqual(form);
  expect(await other.open('/link', own)).toBeUndefined();
  now = 59_999;
  expect(await sealer.open('/link', sealed)).toEqual(form);
  now = 60_000;
  expect(await sealer.open('/link', sealed)).toBeUndefined();
});
