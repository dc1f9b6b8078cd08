import { type Check, fails, type Problem, reasonOf, skipped, unless } from './check.ts';
import type { Examined } from './examined.ts';

/** Headers that every answer of the site has. */
const always: Record<string, string> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin'
};

const proxy = 'Let the proxy pass on what the site answers, and add nothing of its own.';

function headerProblems(what: string, { headers }: Response): Problem[] {
  return Object.entries(always).flatMap(([name, value]) =>
    headers.get(name) === value
      ? []
      : [
          {
            sentence: `${what} comes without ${name}: ${value}.`,
            cause: 'A proxy removes or replaces the header, or another program answers.',
            mend: proxy
          }
        ]
  );
}

function policyProblems({ headers }: Response, apiUrl: string): Problem[] {
  const policy = headers.get('content-security-policy') ?? '';
  if (!policy.includes("frame-ancestors 'none'")) {
    return [
      {
        sentence: 'Pages come without their Content-Security-Policy.',
        cause: 'A proxy removes or replaces it.',
        mend: proxy
      }
    ];
  }
  if (!policy.includes(new URL(apiUrl).host)) {
    return [
      {
        sentence: `The site does not belong to ${apiUrl}.`,
        cause: 'It was started with another PUBLIC_SUPABASE_URL.',
        mend: 'Start it with .env.site, which `npm run deploy` writes.'
      }
    ];
  }
  return [];
}

/**
 * What keeps browsers with HTTPS; nothing of a site that has none.
 *
 * @param page an answer over HTTPS
 * @param plain the answer without it; undefined: there is none
 */
export function encryptionProblems(siteUrl: string, page: Response, plain: Response | undefined): Problem[] {
  const { protocol } = new URL(siteUrl);
  if (protocol !== 'https:') return [];
  const problems: Problem[] = [];
  if (!page.headers.get('strict-transport-security')) {
    problems.push({
      sentence: 'Browsers are not told to stay with HTTPS (strict-transport-security).',
      cause: 'The site does not know that it is behind HTTPS, or the proxy removes the header.',
      mend: 'Start the site with PROTOCOL_HEADER naming the header in which the proxy says https, and have the proxy send it.'
    });
  }
  if (plain && !plain.headers.get('location')?.startsWith('https://')) {
    problems.push({
      sentence: 'The site answers without encryption.',
      cause: 'The proxy serves http:// itself.',
      mend: 'Let it lead http:// to https:// with 301 or 308.'
    });
  }
  return problems;
}

/** What the site answers without HTTPS, if it has that. */
async function withoutHttps(examined: Examined, siteUrl: string): Promise<Response | undefined> {
  const { protocol, host } = new URL(siteUrl);
  return protocol === 'https:' ? examined.fetch(`http://${host}/`).catch(() => undefined) : undefined;
}

/** A form that leads nowhere: it is refused either for where it leads, or for where it seems to come from. */
async function formProblems(examined: Examined, siteUrl: string): Promise<Problem[]> {
  const send = (origin: string) =>
    examined.fetch(`${siteUrl}/login?/doctor`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' },
      body: ''
    });
  const [own, foreign] = await Promise.all([
    send(new URL(siteUrl).origin),
    send('https://elsewhere.example')
  ]);
  if (own.status === 403) {
    return [
      {
        sentence: 'The site takes no form: nobody can sign in, register or book.',
        cause: 'It does not know its own address: it believes that its forms come from elsewhere.',
        mend: 'Start it with PROTOCOL_HEADER naming the header in which the proxy says https or http, and have the proxy send that and the host: docs/deploy.md, The site.'
      }
    ];
  }
  if (foreign.status !== 403) {
    return [
      {
        sentence: 'The site takes forms from other sites.',
        cause: 'A proxy replaces the header origin, or another program answers.',
        mend: proxy
      }
    ];
  }
  return [];
}

/** The site itself says whether it reaches Supabase from where it runs. */
async function reachProblems(examined: Examined, siteUrl: string): Promise<Problem[]> {
  const ready = await examined.fetch(`${siteUrl}/readyz`);
  const text = await ready.text();
  if (ready.status !== 503) return [];
  return [
    {
      sentence: `The site does not reach Supabase: ${text.slice(0, 200)}`,
      cause: 'From where it runs the network to the project is closed, or the project is paused or too busy.',
      mend: 'Ask from that machine: curl -i <PUBLIC_SUPABASE_URL>/auth/v1/health'
    }
  ];
}

async function compressionProblems(examined: Examined, siteUrl: string): Promise<Problem[]> {
  const page = await examined.fetch(`${siteUrl}/login`, { headers: { 'accept-encoding': 'gzip, br' } });
  await page.arrayBuffer();
  if (page.headers.get('content-encoding')) return [];
  return [
    {
      sentence: 'Pages are not compressed, and slow on slow phones.',
      cause: 'A proxy undoes it.',
      mend: proxy
    }
  ];
}

export const site: Check = {
  name: 'Site',
  async run(examined) {
    const { siteUrl, apiUrl } = examined.subject;
    if (siteUrl === undefined) return skipped('its address (SITE_URL) is not known.');
    let page: Response;
    try {
      page = await examined.fetch(`${siteUrl}/`, { headers: { accept: 'text/html' } });
    } catch (error) {
      return fails(
        `The site at ${siteUrl} cannot be reached: ${reasonOf(error)}`,
        'It does not run, or the address is another.',
        'Start it as docs/deploy.md says, or correct SITE_URL in .env.production.'
      );
    }
    if (page.status !== 200) {
      return fails(
        `The site answers ${page.status}.`,
        page.status >= 500
          ? 'It fails, for instance because it runs on a Node older than 22.'
          : 'Another program answers at this address.',
        'Look at what it logs. It runs with `npx node build`, which brings the right Node.'
      );
    }
    await page.text();
    const file = await examined.fetch(`${siteUrl}/favicon.svg`);
    await file.arrayBuffer();
    const problems = await Promise.all([
      headerProblems('A page', page),
      headerProblems('A file', file),
      policyProblems(page, apiUrl),
      encryptionProblems(siteUrl, page, await withoutHttps(examined, siteUrl)),
      formProblems(examined, siteUrl),
      reachProblems(examined, siteUrl),
      compressionProblems(examined, siteUrl)
    ]);
    return unless(problems.flat(), 'it answers, takes forms, and protects its pages and files');
  }
};
