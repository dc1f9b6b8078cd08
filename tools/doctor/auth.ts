import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { authProblems } from '../../local/settings/auth-checks.ts';
import { type Check, type Problem, unless } from './check.ts';
import type { Examined } from './examined.ts';

const refusal = z.object({ code: z.string() });

const push = 'Run `npm run deploy`, which carries supabase/config.toml to the project.';

/** Signs in past the functions, as anybody could who has the publishable key. */
const signIn = (examined: Examined) =>
  examined.api('/auth/v1/token?grant_type=password', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-supabase-api-version': '2024-01-01' },
    // No country has the code 999.
    body: JSON.stringify({ phone: '999000000000001', password: crypto.randomUUID() })
  });

/** Auth must ask for a captcha before it looks at anything. */
async function captchaProblems(examined: Examined): Promise<Problem[]> {
  let response = await signIn(examined);
  // Auth lets an address wait that asked too often: where the functions have the same as we, they may just have done so.
  for (let attempt = 0; attempt < 15 && response.status === 429; attempt += 1) {
    await sleep(1000);
    response = await signIn(examined);
  }
  const body: unknown = await response.json().catch(() => null);
  if (refusal.safeParse(body).data?.code === 'captcha_failed') return [];
  return [
    {
      sentence: 'Anybody can try passwords at Auth, past the limits of the functions.',
      cause: `The captcha is off: Auth answered ${response.status} without asking for one.`,
      mend: `Set [auth.captcha] enabled = true. ${push}`
    }
  ];
}

const settings: Check = {
  name: 'Auth',
  needs: ['API'],
  async run(examined) {
    const response = await examined.api('/auth/v1/settings');
    const problems = authProblems(await response.json().catch(() => null)).map((problem): Problem => {
      const [, sentence = problem, mend] = /^(.+?\.) (S.+)$/.exec(problem) ?? [];
      return {
        sentence,
        cause: 'The settings of the project are not those of supabase/config.toml.',
        mend: mend === undefined ? push : `${mend} ${push}`
      };
    });
    return unless(
      [...problems, ...(await captchaProblems(examined))],
      'nobody signs up or guesses past the functions; patients sign in by phone'
    );
  }
};

/** Tries sign-ins of as many clients as Auth would refuse of one. If it does refuse, it goes on doing so for seconds. */
const limits: Check = {
  name: 'Sign-ins',
  needs: ['Database', "Functions' secret"],
  async run(examined) {
    const { auth } = await examined.selfCheck({ auth: true });
    const problems: Problem[] = [];
    if (auth?.limited) {
      problems.push({
        sentence: `Auth refuses sign-ins when many come at once: already number ${auth.sign_ins} of as many clients.`,
        cause: 'It takes all patients for one client, the functions, because IP forwarding is off.',
        mend: 'Switch on "IP address forwarding" under Authentication, Rate Limits (self-hosted: GOTRUE_SECURITY_SB_FORWARDED_FOR_ENABLED).'
      });
    }
    if (auth && !auth.refuses_short_passwords) {
      problems.push({
        sentence: 'Auth takes passwords of seven characters.',
        cause: 'The shortest password of the project is not that of supabase/config.toml.',
        mend: `Set [auth] minimum_password_length = 8. ${push}`
      });
    }
    return unless(problems, `${auth?.sign_ins} clients at once are no crowd; short passwords are refused`);
  }
};

export const authChecks = [settings, limits];
