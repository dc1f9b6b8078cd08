// What no page can do without, and the cheapest that each can be asked.
const QUESTIONS = {
  auth: '/auth/v1/health',
  data_api: '/rest/v1/clinics?select=id&limit=1'
};

type Part = keyof typeof QUESTIONS;

/** Each part as `ok`, `unreachable`, `no answer in 3 seconds`, or what it answered, such as `answered 503`. */
export interface Readiness {
  ready: boolean;
  parts: Record<Part, string>;
}

const TIMEOUT_MS = 3_000;

// Anybody may ask, so asking often must not cost Supabase anything.
const KEPT_MS = 1_000;

/** Looks whether a Supabase project can be reached. Whoever asks within a second of somebody else gets their answer. */
export function readinessOf(supabaseUrl: string, key: string): () => Promise<Readiness> {
  let last: { at: number; answer: Promise<Readiness> } | undefined;
  return () => {
    const now = Date.now();
    if (!last || now - last.at >= KEPT_MS) last = { at: now, answer: look(supabaseUrl, key) };
    return last.answer;
  };
}

async function look(supabaseUrl: string, key: string): Promise<Readiness> {
  const stateOfPart = (part: Part) => stateOf(`${supabaseUrl}${QUESTIONS[part]}`, key);
  const [auth, data_api] = await Promise.all([stateOfPart('auth'), stateOfPart('data_api')]);
  return { ready: auth === 'ok' && data_api === 'ok', parts: { auth, data_api } };
}

async function stateOf(url: string, key: string): Promise<string> {
  try {
    const answer = await fetch(url, { headers: { apikey: key }, signal: AbortSignal.timeout(TIMEOUT_MS) });
    await answer.body?.cancel();
    return answer.ok ? 'ok' : `answered ${answer.status}`;
  } catch (error) {
    const late = error instanceof DOMException && error.name === 'TimeoutError';
    return late ? `no answer in ${TIMEOUT_MS / 1000} seconds` : 'unreachable';
  }
}
