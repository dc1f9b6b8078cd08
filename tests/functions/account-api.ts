import { randomBytes, randomInt } from 'node:crypto';
import type postgres from 'postgres';
import { siteSecret } from '../../local/settings/keys.ts';
import { smsTo, textsOf } from '../helpers/inbox.ts';
import { theStack } from '../helpers/stack.ts';
import { aClinic, aPhone, aPractitioner, book, nextSlots, type Appointment } from '../helpers/world.ts';

/** The account functions with their paths on the site. */
export const paths = {
  'register-patient': '/api/register/patient/',
  'link-ivr-account': '/api/link-ivr-account/',
  'forgot-password': '/api/password/forgot/',
  'verify-phone': '/api/verify-phone/',
  'sign-in': '/api/login/',
  'sign-in-code': '/api/login/code/'
};
export type AccountFunction = keyof typeof paths;

export interface Answer {
  status: number;
  body: Record<string, unknown>;
  headers: Headers;
}

/** Asks one of the account functions, by whatever way. */
export type Post = (name: AccountFunction, body: unknown) => Promise<Answer>;

/** A request with a JSON body, and its answer read. */
export async function send(
  url: string,
  body: unknown,
  headers: Record<string, string> = {}
): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    redirect: 'manual'
  });
  const text = await response.text();
  if (response.status === 204) return { status: 204, body: {}, headers: response.headers };
  try {
    const parsed = JSON.parse(text) as Record<string, unknown>;
    return { status: response.status, body: parsed, headers: response.headers };
  } catch (cause) {
    throw new Error(`${url} answered ${response.status} without JSON: ${text}`, { cause });
  }
}

/** An address of the documentation's IPv6 range that no other client of this run has. */
export function anAddress(): string {
  return `2001:db8:${randomBytes(2).toString('hex')}:${randomBytes(2).toString('hex')}::1`;
}

/** The headers with which the site says for whom it asks. */
export function onBehalfOf(address: string): Record<string, string> {
  return { 'x-site-secret': siteSecret(theStack().functions_secret), 'x-client-address': address };
}

/** Through the gateway, as a client of its own: its limits are nobody else's. */
export function throughGateway(address = anAddress(), more: Record<string, string> = {}): Post {
  const { api_url, publishable_key } = theStack();
  return (name, body) =>
    send(`${api_url}/functions/v1/${name}`, body, {
      apikey: publishable_key,
      ...onBehalfOf(address),
      ...more
    });
}

/** Asks a function that wants the session's token as bearer. */
export function asOwner(
  name: string,
  token: string | undefined,
  body: unknown,
  address = anAddress()
): Promise<Answer> {
  const { api_url, publishable_key } = theStack();
  return send(`${api_url}/functions/v1/${name}`, body, {
    apikey: publishable_key,
    ...onBehalfOf(address),
    ...(token !== undefined && { authorization: `Bearer ${token}` })
  });
}

/** Through the site's own addresses. */
export function throughSite(siteUrl: string, headers: Record<string, string> = {}): Post {
  return (name, body) => send(`${siteUrl}${paths[name]}`, body, headers);
}

export interface Wish extends Record<string, unknown> {
  name: string;
  age: number;
  phone_number: string;
  username: string;
  password: string;
  password2: string;
}

/** What somebody fills in who is new. */
export function aWish(phone = aPhone(), more: Partial<Wish> = {}): Wish {
  const password = `pw ${randomBytes(6).toString('hex')}`;
  return {
    name: 'Asha Rao',
    age: 34,
    phone_number: phone,
    username: `u${randomBytes(5).toString('hex')}`,
    password,
    password2: password,
    ...more
  };
}

/** The same for a phone that has bookings already: a link has no second password. */
export function aLink(phone: string, more: Partial<Wish> = {}): Record<string, unknown> {
  const { password2: _, username: __, ...wish } = aWish(phone);
  return { ...wish, ...more };
}

/** A `verification_id` as we write them, of no request. */
export const nobodysRequest = `00000000-0000-4000-8000-000000000000.${'A'.repeat(43)}`;

const seen = new Set<string>();

/** A code has ten digits while many guesses were wrong, as in tests of wrong guesses they are. */
const aCode = /^(\d{6}|\d{10}) is your MedQ code/;

/** The code in the next text to a phone that no earlier call has returned. */
export async function nextCode(phone: string): Promise<string> {
  const { inbox_url } = theStack();
  const { id, body } = await smsTo(
    inbox_url,
    phone,
    (message) => !seen.has(message.id) && aCode.test(message.body)
  );
  seen.add(id);
  return aCode.exec(body)?.[1] ?? '';
}

/** As many digits that are not the code. */
export function notThe(code: string): string {
  const codes = 10 ** code.length;
  return String((Number(code) + randomInt(1, 999_999)) % codes).padStart(code.length, '0');
}

/** The codes texted to a phone so far. */
export async function codesOf(phone: string): Promise<string[]> {
  const texts = await textsOf(theStack().inbox_url, phone);
  return texts.flatMap(({ body }) => aCode.exec(body)?.[1] ?? []);
}

/** Registers, proves the phone and returns the answer with the tokens. */
export async function registered(post: Post, wish: Wish): Promise<Answer> {
  const asked = await post('register-patient', wish);
  if (asked.status !== 201) throw new Error(`Not registered: ${JSON.stringify(asked.body)}`);
  const code = await nextCode(wish.phone_number);
  const proven = await post('verify-phone', { verification_id: asked.body.verification_id, code });
  if (proven.status !== 200) throw new Error(`Not proven: ${JSON.stringify(proven.body)}`);
  return proven;
}

export interface WithBookings {
  id: string;
  phone: string;
  bookings: Appointment[];
}

/** A patient who booked by phone, whose account has not been made: as in old data. */
export async function aCaller(sql: postgres.Sql, phone = aPhone(), count = 1): Promise<WithBookings> {
  const practitioner = await aPractitioner(sql, await aClinic(sql));
  const slots = await nextSlots(sql, practitioner, count);
  return (await sql.begin(async (tx) => {
    // Rolled into one transaction, so that nobody provisions in between.
    const [patient] = await tx<{ id: string; phone: string }[]>`
      insert into public.patients (phone) values (${phone}) returning id, phone`;
    if (!patient) throw new Error('The patient was not made.');
    const bookings = [];
    for (const slot of slots) {
      bookings.push(
        await book(tx as unknown as postgres.Sql, patient, practitioner, slot, { channel: 'ivr' })
      );
    }
    await tx`update private.account_jobs set done_at = now() where patient_id = ${patient.id}`;
    return { ...patient, bookings };
  })) as WithBookings;
}

/**
 * Repeats something until it is limited, and returns how often it passed. Windows are fixed, so one may end on the way:
 * what is limited to `max` passes at least `max` and at most twice as many times.
 */
export async function untilLimited(
  max: number,
  passes: number,
  attempt: () => Promise<Answer>
): Promise<Answer> {
  for (let count = 0; count <= 2 * max; count++) {
    const answer = await attempt();
    if (answer.status === 429 && count >= max) return answer;
    if (answer.status !== passes) throw new Error(`Try ${count + 1} was answered with ${answer.status}.`);
  }
  throw new Error(`There was no limit in ${2 * max + 1} tries.`);
}
