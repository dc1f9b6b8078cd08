import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { settingProblems } from '../../supabase/functions/self-check/settings.ts';
import { compare } from '../../tools/doctor/compare.ts';
import { together } from '../../tools/doctor/functions.ts';
import { jobProblem } from '../../tools/doctor/jobs.ts';
import { clockProblems, nodeFinding } from '../../tools/doctor/machine.ts';
import { allHold, json, masked, table } from '../../tools/doctor/report.ts';
import { encryptionProblems } from '../../tools/doctor/site.ts';
import { queueProblems } from '../../tools/doctor/sms.ts';
import { secretsOf, subjectOf } from '../../tools/doctor/subject.ts';

describe('Node', () => {
  test.each(['22.0.0', '24.21.0', '100.1.0'])('%s serves the site', (version) => {
    expect(nodeFinding(version).state).toBe('holds');
  });
  test.each(['20.20.2', '18.0.0', '21.7.3'])('%s would answer 500', (version) => {
    expect(nodeFinding(version)).toMatchObject({
      state: 'fails',
      problems: [{ sentence: `This is Node ${version}: every page of the site would answer 500.` }]
    });
  });
});

describe('clocks', () => {
  const now = Date.now();
  /** A clock that was asked for 400 ms, and showed `off` seconds more than ours in between. */
  const reading = (whose: string, off: number) => ({
    whose,
    shows: now + 200 + off * 1000,
    asked: now,
    answered: now + 400
  });
  const sentences = (...offs: number[]) =>
    clockProblems(offs.map((off, index) => reading(`clock ${index}`, off))).map(({ sentence }) => sentence);

  test('those that differ by less than a signature bears are right', () => {
    expect(sentences(4.5, -4.5)).toEqual([]);
  });
  test('however long an answer took, the clock is right that showed a time in between', () => {
    const slow = { whose: 'a slow one', shows: now + 100, asked: now, answered: now + 60_000 };
    expect(clockProblems([slow])).toEqual([]);
  });
  test('the one that is before or behind is named', () => {
    expect(sentences(0, 7)).toEqual(["The clock of clock 1 is 7 seconds before this machine's."]);
    expect(sentences(-90, 0)).toEqual(["The clock of clock 0 is 90 seconds behind this machine's."]);
  });
  test('if all others differ, it is ours that is wrong', () => {
    expect(sentences(30, 30)).toEqual([
      'The clock of this machine is wrong: all others are 30 seconds before it.'
    ]);
  });
  test('others that differ from each other are each named', () => {
    expect(sentences(30, -30)).toHaveLength(2);
  });
});

describe('a job', () => {
  const everyMinute = { name: 'medq-sweep', schedule: '* * * * *', command: 'select 1' };
  const everyHour = { name: 'medq-forget', schedule: '17 * * * *', command: 'select 1' };
  const live = (job: typeof everyMinute, began: number | null, up = 100_000) => ({
    ...job,
    active: true,
    began_seconds_ago: began,
    status: began === null ? null : 'succeeded',
    message: null,
    up_seconds: up
  });
  const sentence = (...given: Parameters<typeof jobProblem>) => jobProblem(...given)?.sentence;

  test('that ran not long ago is alive', () => {
    expect(sentence(everyMinute, live(everyMinute, 90))).toBeUndefined();
    expect(sentence(everyHour, live(everyHour, 7000))).toBeUndefined();
  });
  test('that is overdue is not', () => {
    expect(sentence(everyMinute, live(everyMinute, 600))).toBe(
      'The job medq-sweep has not run for 10 minutes.'
    );
    expect(sentence(everyHour, live(everyHour, 9000))).toBe(
      'The job medq-forget has not run for 150 minutes.'
    );
  });
  test('that never ran is dead, unless the server has just started', () => {
    expect(sentence(everyMinute, live(everyMinute, null))).toBe('The job medq-sweep has never run.');
    expect(sentence(everyMinute, live(everyMinute, null, 60))).toBeUndefined();
  });
  test('is not overdue for what it missed while the server was away', () => {
    expect(sentence(everyMinute, live(everyMinute, 9000, 60))).toBeUndefined();
  });
  test('that is rare may be younger than its period', () => {
    expect(sentence(everyHour, live(everyHour, null))).toBeUndefined();
  });
  test('that has another schedule is named', () => {
    const other = { ...live(everyMinute, 30), schedule: '0 * * * *' };
    expect(sentence(everyMinute, other)).toBe('The job medq-sweep differs from the one of the migrations.');
  });
});

describe('the queue of SMS', () => {
  const health = {
    sending: true,
    due: 0,
    oldest_seconds: 0,
    failed: 0,
    sent: 100,
    site_url: 'https://medq.example'
  };
  const sentences = (differs: Partial<Parameters<typeof queueProblems>[0]>) =>
    queueProblems({ ...health, ...differs }).map(({ sentence }) => sentence);

  test('may have some that wait for seconds, and some that fail', () => {
    expect(sentences({ due: 30, oldest_seconds: 60 })).toEqual([]);
    expect(sentences({ failed: 5, sent: 0 })).toEqual([]);
    expect(sentences({ failed: 11, sent: 100 })).toEqual([]);
  });
  test('with one that has waited for long is not well', () => {
    expect(sentences({ oldest_seconds: 180 })).toEqual(['An SMS has waited for 3 minutes.']);
  });
  test('that do not tell where the site is is not well', () => {
    expect(sentences({ site_url: null })).toEqual(['SMS do not tell where the site is.']);
  });
  test('of which many fail is not well', () => {
    expect(sentences({ failed: 20 })).toEqual(['20 SMS failed within the last hour, and 100 were sent.']);
  });
});

describe('comparing objects', () => {
  const first = 'create table public.a (\n  id uuid\n);';
  const second = 'CREATE OR REPLACE FUNCTION public.b(p text)\n AS $$\nbegin\n\n  return;\n\nend $$;';

  test('the same ones, in whatever order, do not differ, also with blank lines in them', () => {
    const expected = `${first}\n\n${second}`;
    expect(compare([second, first], expected)).toEqual({ missing: [], different: [], added: [] });
  });
  test('each difference is named by its object', () => {
    const edited = second.replace('return', 'raise');
    expect(compare([edited, 'create table public.c (\n);'], `${first}\n\n${second}`)).toEqual({
      missing: ['table public.a'],
      different: ['function public.b()'],
      added: ['table public.c']
    });
  });
});

describe('a site behind HTTPS', () => {
  const url = 'https://medq.example.org';
  const answer = (status: number, headers: Record<string, string> = {}) =>
    new Response(null, { status, headers });
  const safe = answer(200, { 'strict-transport-security': 'max-age=63072000' });
  const sentences = (...given: Parameters<typeof encryptionProblems>) =>
    encryptionProblems(...given).map(({ sentence }) => sentence);

  test('keeps browsers there, and leads others to it or has nothing else', () => {
    expect(sentences(url, safe, answer(308, { location: `${url}/` }))).toEqual([]);
    expect(sentences(url, safe, undefined)).toEqual([]);
  });
  test('is told to do both', () => {
    expect(sentences(url, answer(200), answer(200))).toEqual([
      'Browsers are not told to stay with HTTPS (strict-transport-security).',
      'The site answers without encryption.'
    ]);
    expect(sentences(url, safe, answer(301, { location: 'http://www.medq.example.org/' }))).toHaveLength(1);
  });
  test('is not asked of one on this machine', () => {
    expect(sentences('http://127.0.0.1:5173', answer(200), undefined)).toEqual([]);
  });
});

describe('the report', () => {
  const problem = {
    sentence: 'A sentence that is so long that it does not fit into what is left of eighty columns, by far.',
    cause: 'A cause.',
    mend: 'A mend.'
  };
  const results = [
    { name: 'First', finding: { state: 'holds' as const, says: 'well' } },
    { name: 'Second', finding: { state: 'fails' as const, problems: [problem] } },
    { name: 'Third', finding: { state: 'skipped' as const, because: 'of that' } }
  ];

  test('is a table that is read in 80 columns', () => {
    expect(table('something', results)).toBe(
      [
        'MedQ, something',
        '',
        'First             holds  well',
        'Second            FAILS  A sentence that is so long that it does not fit into',
        '                         what is left of eighty columns, by far.',
        '                         Cause: A cause.',
        '                         Mend: A mend.',
        'Third             -      not looked at: of that',
        '',
        '1 hold, 1 fail, 1 were not looked at.'
      ].join('\n')
    );
  });
  test('holds when nothing fails', () => {
    expect(allHold(results)).toBe(false);
    expect(allHold(results.filter(({ name }) => name !== 'Second'))).toBe(true);
  });
  test('is the same for machines', () => {
    expect(JSON.parse(json('something', results))).toEqual({
      what: 'something',
      holds: false,
      checks: [
        { name: 'First', state: 'holds', says: 'well' },
        { name: 'Second', state: 'fails', problems: [problem] },
        { name: 'Third', state: 'skipped', because: 'of that' }
      ]
    });
  });
  test('shows no secret that an error has quoted', () => {
    expect(masked('no route to postgres:s3cret-1@host', ['s3cret-1'])).toBe('no route to postgres:…@host');
  });
});

describe('what is examined', () => {
  const written = (lines: string[]) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'medq-doctor-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, '.env.production');
    writeFileSync(file, lines.join('\n'));
    return file;
  };
  const lines = [
    'PUBLIC_SUPABASE_URL=https://abc.supabase.co/',
    'PUBLIC_SUPABASE_ANON_KEY=sb_publishable_x',
    'FUNCTIONS_SECRET=0123456789abcdef',
    'SITE_SECRET='
  ];

  test('is the deployment of the file of settings', () => {
    expect(
      subjectOf({}, written([...lines, 'SUPABASE_DB_URL=postgresql://postgres:p%40ssword@db/postgres']))
    ).toMatchObject({
      what: 'https://abc.supabase.co',
      functionsUrl: 'https://abc.supabase.co/functions/v1',
      functionsSecret: '0123456789abcdef',
      siteSecret: undefined,
      siteUrl: undefined,
      project: undefined
    });
  });
  test('is reached with a token, where one is known', () => {
    const known = ['SUPABASE_PROJECT_REF=abc', 'SUPABASE_ACCESS_TOKEN=sbp_token'];
    const subject = subjectOf({}, written([...lines, ...known]));
    expect(subject.project).toEqual({ ref: 'abc', token: 'sbp_token' });
    expect(secretsOf(subject)).toContain('sbp_token');
  });
  test('its secrets are known, also as they are written in an address', () => {
    const subject = subjectOf(
      {},
      written([...lines, 'SUPABASE_DB_URL=postgresql://postgres:p%40ssword@db/postgres'])
    );
    expect(secretsOf(subject)).toEqual(['0123456789abcdef', 'p%40ssword', 'p@ssword']);
  });
  test('is said to be unknown when a setting is missing', () => {
    const file = written(lines.slice(1));
    expect(() => subjectOf({}, file)).toThrow(
      `${file} lacks PUBLIC_SUPABASE_URL, or has a value that cannot be used.`
    );
  });
  test('is no stack when that is not its line', () => {
    expect(() => subjectOf({ MEDQ_STACK: '{"api_url": 1}' }, 'none')).toThrow('MEDQ_STACK is not the line');
    expect(() => subjectOf({ MEDQ_STACK: 'no' }, 'none')).toThrow('MEDQ_STACK is not the line');
  });
});

test('settings of the functions that are missing or malformed are named, without their values', () => {
  const problems = settingProblems((name) => (name === 'SITE_SECRET' ? 'too short' : undefined));
  expect(problems.map(({ name }) => name)).toEqual([
    'SUPABASE_URL',
    'SUPABASE_DB_URL',
    'PUBLIC_FUNCTIONS_URL',
    'FUNCTIONS_SECRET',
    'MESSAGEBIRD_ACCESS_KEY',
    'MESSAGEBIRD_SIGNING_KEY',
    'SITE_URL',
    'SITE_SECRET'
  ]);
  expect(problems.at(-1)?.problem).toMatch(/^SITE_SECRET has a value that cannot be used\./);
  expect(JSON.stringify(problems)).not.toContain('too short');
});

test('what many functions fail of for one reason is told once', () => {
  const problem = (name: string, cause: string) => ({
    name,
    problem: { sentence: `${name} is not there.`, cause, mend: 'Deploy.' }
  });
  const found = ['ivr', 'ivr', 'sign-in', 'live-token'].map((name) => problem(name, 'Not deployed.'));
  expect(together([...found, problem('self-check', 'Another version.')])).toEqual([
    {
      sentence: 'ivr is not there. So it is with sign-in, live-token.',
      cause: 'Not deployed.',
      mend: 'Deploy.'
    },
    { sentence: 'self-check is not there.', cause: 'Another version.', mend: 'Deploy.' }
  ]);
  expect(together([])).toEqual([]);
});
