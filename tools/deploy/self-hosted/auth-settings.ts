import { authProblems } from '../../../local/settings/auth-checks.ts';
import type { Settings } from '../settings-file.ts';
import type { Step } from '../step.ts';

interface Answer {
  status: number;
  body: unknown;
}

async function ask(url: string, key: string, body?: object): Promise<Answer> {
  const response = await fetch(url, {
    headers: { apikey: key, 'content-type': 'application/json', 'x-supabase-api-version': '2024-01-01' },
    ...(body && { method: 'POST', body: JSON.stringify(body) })
  });
  return { status: response.status, body: await response.json().catch(() => undefined) };
}

/** Whether Auth wants a captcha from whoever has no secret key: only trying tells. Nobody has this number. */
async function wantsCaptcha(url: string, key: string): Promise<boolean> {
  const credentials = { phone: '+999000000000000', password: 'nobody has this' };
  const { body } = await ask(`${url}/auth/v1/token?grant_type=password`, key, credentials);
  return (body as { code?: string } | undefined)?.code === 'captcha_failed';
}

/** The settings of Auth, which nobody but whoever runs it can change. */
export function authSettings({
  PUBLIC_SUPABASE_URL: url = '',
  PUBLIC_SUPABASE_ANON_KEY: key = ''
}: Settings): Step {
  return {
    name: 'settings',
    hint: `Look at PUBLIC_SUPABASE_URL and PUBLIC_SUPABASE_ANON_KEY in .env.production, and whether ${url} answers.`,
    async examine() {
      const { status, body } = await ask(`${url}/auth/v1/settings`, key);
      if (status !== 200) throw new Error(`Auth answered ${status} when asked for its settings.`);
      const problems = authProblems(body);
      if (!(await wantsCaptcha(url, key))) {
        problems.push('Anybody can guess at passwords past our limits. Set [auth.captcha] enabled = true.');
      }
      return problems.map((what) => ({ what }));
    }
  };
}
