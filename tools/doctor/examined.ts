/** The subject while it is examined: one pool of connections, and one answer of the functions to each question. */
import type postgres from 'postgres';
import { z } from 'zod';
import { readSections, type Section } from '../schema.ts';
import { openDatabase } from './database.ts';
import type { Subject } from './subject.ts';

/** What the function self-check tells. */
const selfCheck = z.object({
  at: z.iso.datetime().transform((text) => new Date(text)),
  settings: z.array(z.object({ name: z.string(), problem: z.string() })),
  client: z.string(),
  messagebird: z
    .union([
      z.object({ told: z.literal(true), payment: z.string(), type: z.string(), amount: z.number() }),
      z.object({ told: z.literal(false), reason: z.string() })
    ])
    .nullable(),
  auth: z
    .object({ sign_ins: z.number(), limited: z.boolean(), refuses_short_passwords: z.boolean() })
    .nullable()
});
export type SelfCheck = z.infer<typeof selfCheck>;

/** A request that did not answer as hoped. */
export class AnswerError extends Error {
  override name = 'AnswerError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const patienceMs = 30_000;

export class Examined {
  readonly subject: Subject;
  readonly #sql: postgres.Sql | undefined;
  /** Why there is no connection to the database, if it is more than that nobody told its address. */
  readonly databaseError: unknown;
  #sections: Promise<Section[]> | undefined;

  private constructor(subject: Subject, sql: postgres.Sql | undefined, databaseError: unknown) {
    this.subject = subject;
    this.#sql = sql;
    this.databaseError = databaseError;
  }

  static open(subject: Subject): Promise<Examined> {
    return openDatabase(subject).then(
      (sql) => new Examined(subject, sql, undefined),
      (error: unknown) => new Examined(subject, undefined, error)
    );
  }

  get hasDatabase(): boolean {
    return this.#sql !== undefined;
  }

  /** As role postgres. */
  get sql(): postgres.Sql {
    if (!this.#sql) throw new Error('There is no connection to the database.');
    return this.#sql;
  }

  /** What the database is made of: of each kind the objects, as SQL. Read once. */
  async objects(heading: string): Promise<string[]> {
    const sections = await (this.#sections ??= readSections(this.sql));
    return sections.find((section) => section.heading === heading)?.objects ?? [];
  }

  /** A request to the API with the publishable key, or without any (null). */
  api(
    path: string,
    init: RequestInit = {},
    key: string | null = this.subject.publishableKey
  ): Promise<Response> {
    const headers = new Headers(init.headers);
    if (key !== null) headers.set('apikey', key);
    return this.fetch(`${this.subject.apiUrl}${path}`, { ...init, headers });
  }

  /** A request to one of the functions, with nothing but what is given. */
  function(name: string, init: RequestInit = {}): Promise<Response> {
    return this.fetch(`${this.subject.functionsUrl}/${name}`, init);
  }

  /** A request that follows no redirect and does not take for ever. */
  fetch(url: string, init: RequestInit = {}): Promise<Response> {
    return fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(patienceMs), ...init });
  }

  /** @throws {AnswerError} when the function refuses, or answers with anything unexpected */
  async selfCheck(
    wish: { messagebird?: boolean; auth?: boolean } = {},
    headers: Record<string, string> = {}
  ): Promise<SelfCheck> {
    const response = await this.function('self-check', {
      method: 'POST',
      headers: {
        ...headers,
        'content-type': 'application/json',
        authorization: `Bearer ${this.subject.functionsSecret}`
      },
      body: JSON.stringify(wish)
    });
    const text = await response.text();
    if (response.status !== 200) throw new AnswerError(response.status, `It answered ${response.status}.`);
    const answer = selfCheck.safeParse(parseJson(text));
    if (answer.success) return answer.data;
    throw new AnswerError(200, 'Its answer is not that of this version of MedQ.');
  }

  async close(): Promise<void> {
    await this.#sql?.end({ timeout: 1 });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
