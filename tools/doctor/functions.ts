/** The functions from outside: each is there, and refuses what it must. And from inside: their settings. */
import { functionNames } from '../../local/functions/deno.ts';
import { type Check, type Problem, reasonOf, skipped, unless } from './check.ts';
import type { Examined } from './examined.ts';

interface Refusal {
  method: 'GET' | 'POST';
  path: string;
  status: number;
  /** The word of the answer; null where there is no body. */
  error: string | null;
}

/** Functions that do not take requests of patients. All others want JSON, and refuse a request without. */
const others: Record<string, Refusal[]> = {
  ivr: [
    { method: 'GET', path: 'ivr?callID=unsigned', status: 401, error: null },
    { method: 'POST', path: 'ivr/status', status: 401, error: null }
  ],
  'provision-accounts': [{ method: 'POST', path: 'provision-accounts', status: 401, error: 'unauthorized' }],
  'self-check': [{ method: 'POST', path: 'self-check', status: 401, error: 'unauthorized' }],
  'sms-dispatch': [{ method: 'POST', path: 'sms-dispatch', status: 401, error: 'unauthorized' }],
  'sms-status': [{ method: 'GET', path: 'sms-status', status: 400, error: 'bad_report' }]
};

const refusalsOf = (name: string): Refusal[] =>
  others[name] ?? [{ method: 'POST', path: name, status: 400, error: 'validation_failed' }];

const deploy = 'Run `npm run deploy`.';

/** What a wrong answer most likely means. */
function problemOf(name: string, expected: Refusal, status: number, word: string | null): Problem {
  const sentence = `The function ${name} answers ${status}${word === null ? '' : ` (${word})`} to a request that it must refuse with ${expected.status}.`;
  if (status === 404)
    return { sentence: `The function ${name} is not there.`, cause: 'It was not deployed.', mend: deploy };
  if (status === 401 && word !== 'unauthorized') {
    return {
      sentence,
      cause: 'The platform asks for a token before the function is asked ("verify JWT" is on).',
      mend: `Switch it off for this function in the dashboard. ${deploy}`
    };
  }
  if (status >= 500) {
    return {
      sentence,
      cause: 'It does not start, or fails, as it does without a setting that it needs.',
      mend: `See Settings below, then its logs in the dashboard. ${deploy}`
    };
  }
  return {
    sentence,
    cause: 'Another version of the function is deployed, or another program.',
    mend: deploy
  };
}

async function wordOf(response: Response): Promise<string | null> {
  const body: unknown = await response.json().catch(() => null);
  return typeof body === 'object' && body !== null && 'error' in body ? String(body.error) : null;
}

async function problemsOf(name: string, examined: Examined): Promise<Problem[]> {
  const problems = refusalsOf(name).map(async (expected): Promise<Problem | undefined> => {
    try {
      const response = await examined.function(expected.path, { method: expected.method });
      const word = await wordOf(response);
      const isRight =
        response.status === expected.status && (expected.error === null || word === expected.error);
      return isRight ? undefined : problemOf(name, expected, response.status, word);
    } catch (error) {
      return {
        sentence: `The function ${name} cannot be reached: ${reasonOf(error)}`,
        cause: 'The address of the functions is wrong, or the project is paused.',
        mend: deploy
      };
    }
  });
  return (await Promise.all(problems)).filter((problem) => problem !== undefined);
}

/** What is wrong with many functions for one reason is told once. */
export function together(found: { name: string; problem: Problem }[]): Problem[] {
  const byReason = Map.groupBy(found, ({ problem: { cause, mend } }) => `${cause} ${mend}`);
  return [...byReason.values()].flatMap(([first, ...more]) => {
    if (!first) return [];
    const names = [...new Set(more.map(({ name }) => name))].filter((name) => name !== first.name);
    const sentence = [first.problem.sentence, names.length > 0 && `So it is with ${names.join(', ')}.`];
    return { ...first.problem, sentence: sentence.filter(Boolean).join(' ') };
  });
}

const answers: Check = {
  name: 'Functions',
  async run(examined) {
    const names = functionNames();
    const found = await Promise.all(
      names.map(async (name) => (await problemsOf(name, examined)).map((problem) => ({ name, problem })))
    );
    return unless(
      together(found.flat()),
      `${names.length} answer, and refuse what is unsigned or without secret`
    );
  }
};

const origins: Check = {
  name: 'Origins',
  async run(examined) {
    const { siteUrl } = examined.subject;
    const allowed = async (origin: string) => {
      const headers = { origin, 'access-control-request-method': 'POST' };
      const response = await examined.function('sign-in', { method: 'OPTIONS', headers });
      const value = response.headers.get('access-control-allow-origin');
      return value === '*' || value === origin;
    };
    const problems: Problem[] = [];
    if (await allowed('https://elsewhere.example')) {
      problems.push({
        sentence: 'Pages of other sites may call the functions.',
        cause: 'Another version of the functions is deployed, or a proxy adds CORS headers.',
        mend: deploy
      });
    }
    if (siteUrl !== undefined && !(await allowed(new URL(siteUrl).origin))) {
      problems.push({
        sentence: `Pages of ${siteUrl} may not call the functions.`,
        cause: 'The functions were told another SITE_URL.',
        mend: deploy
      });
    }
    return unless(problems, 'pages of other sites may not call the functions');
  }
};

const settings: Check = {
  name: 'Settings',
  needs: ["Functions' secret"],
  async run(examined) {
    const { settings: wrong } = await examined.selfCheck();
    const problems = wrong.map(({ name, problem }) => ({
      sentence: problem,
      cause: `The functions were deployed without a usable ${name}.`,
      mend: `Set ${name} in .env.production, then: npm run deploy`
    }));
    return unless(problems, 'the functions have all they need');
  }
};

/** Addresses for documentation (RFC 5737), which are nobody's. */
const invented = '198.51.100.77';
const visitor = '192.0.2.88';

/** Headers in which proxies tell a client's address, and in which a client can make one up where none overwrites it. */
const addressHeaders = ['x-forwarded-for', 'x-real-ip', 'true-client-ip'];
const addressHeaderOfCloudflare = 'cf-connecting-ip';

/** As whom the functions count us, when we claim to be somebody else. */
async function seenAddresses(examined: Examined): Promise<string[]> {
  const claiming = (names: string[]) =>
    examined
      .selfCheck({}, Object.fromEntries(names.map((name) => [name, invented])))
      .then(({ client }) => client);
  // Cloudflare may refuse a request with its own header, which is well.
  return [await claiming(addressHeaders), await claiming([addressHeaderOfCloudflare]).catch(() => 'refused')];
}

const clientAddresses: Check = {
  name: 'Client addresses',
  needs: ["Functions' secret"],
  async run(examined) {
    const { siteSecret } = examined.subject;
    const seen = await seenAddresses(examined);
    const problems: Problem[] = [];
    if (seen.includes(invented)) {
      problems.push({
        sentence: 'Whoever asks can make up the address that is counted: limits by client hold nobody.',
        cause: 'CLIENT_ADDRESS_HEADER names a header that no proxy of yours overwrites.',
        mend: 'Set it to the one that your outermost proxy overwrites: on hosted Supabase cf-connecting-ip, behind Kong x-forwarded-for.'
      });
    } else if (seen.includes('unknown')) {
      problems.push({
        sentence:
          'The functions do not see the addresses of clients: all count as one, and share its limits.',
        cause: 'CLIENT_ADDRESS_HEADER names a header that no proxy sends.',
        mend: 'Set it to the one your outermost proxy sends: on hosted Supabase cf-connecting-ip.'
      });
    }
    if (siteSecret === undefined) {
      if (problems.length > 0) return unless(problems, '');
      return skipped('there is no SITE_SECRET, so all visitors of the site count as one client.');
    }
    const site = { 'x-site-secret': siteSecret, 'x-client-address': visitor };
    if ((await examined.selfCheck({}, site)).client !== visitor) {
      problems.push({
        sentence:
          'The functions do not believe the site: all its visitors count as one client, and share its limits.',
        cause: "The functions have another SITE_SECRET than the site's, or none.",
        mend: 'Run `npm run deploy`, and start the site again with the .env.site that it writes.'
      });
    }
    return unless(problems, 'clients are told apart, and cannot pretend to be others');
  }
};

export const functionChecks = [answers, origins, settings, clientAddresses];
