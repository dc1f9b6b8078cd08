/** Lighthouse's marks for a phone on a slow network, which Lighthouse simulates from a page loaded here. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import lighthouse from 'lighthouse';
import postgres from 'postgres';
import { freePort } from '../local/settings/ports.ts';
import type { Site } from '../local/site.ts';
import type { Stack } from '../local/start-stack.ts';
import { launchProfile } from '../tests/helpers/browser.ts';
import { finding, median, type Effort, type Finding } from './measure.ts';
import { aBenchPatient, signIn } from './patient.ts';

const CATEGORIES = ['performance', 'accessibility', 'best-practices', 'seo'] as const;
/** The marks for speed vary with what else the machine does: of several runs the median counts. */
const runsOf: Record<Effort, number> = { full: 3, quick: 1 };

/** Pages that anybody sees, and those of a patient who is signed in. */
const pagesOf: Record<Effort, { open: string[]; personal: string[] }> = {
  full: { open: ['/', '/login'], personal: ['/book', '/appointments'] },
  quick: { open: [], personal: ['/appointments'] }
};

interface Run {
  /** Of each category, 0 to 100. */
  marks: number[];
  /** What took points off. */
  complaints: string[];
}

async function marksOf(url: string, port: number): Promise<Run> {
  // The sign-in is kept in the profile, so the profile must stay as it is.
  const result = await lighthouse(url, {
    port,
    onlyCategories: [...CATEGORIES],
    disableStorageReset: true,
    logLevel: 'error'
  });
  if (!result) throw new Error(`Lighthouse gave no result for ${url}.`);
  const { lhr } = result;
  if (lhr.runtimeError) throw new Error(lhr.runtimeError.message);
  const complaints = CATEGORIES.flatMap((category) =>
    (lhr.categories[category]?.auditRefs ?? [])
      .filter(({ id, weight }) => weight > 0 && (lhr.audits[id]?.score ?? 1) < 1)
      .map(({ id }) => `${id} ${lhr.audits[id]?.displayValue ?? ''}`.trim())
  );
  return { marks: CATEGORIES.map((category) => (lhr.categories[category]?.score ?? 0) * 100), complaints };
}

export async function benchLighthouse(stack: Stack, site: Site, effort: Effort): Promise<Finding[]> {
  const sql = postgres(stack.addresses.db_url, { max: 1, onnotice: () => undefined });
  const directory = await mkdtemp(path.join(tmpdir(), 'medq-lighthouse-'));
  const port = await freePort();
  const context = await launchProfile(directory, port);
  const findings: Finding[] = [];
  const measure = async (where: string) => {
    const runs: Run[] = [];
    while (runs.length < runsOf[effort]) runs.push(await marksOf(site.url + where, port));
    const marks = CATEGORIES.map((_, index) => median(runs.map((run) => run.marks[index] ?? 0)));
    const measured = CATEGORIES.map((category, index) => `${category} ${marks[index]}`).join(', ');
    const complaints = [...new Set(runs.flatMap((run) => run.complaints))];
    findings.push(
      finding(
        `Lighthouse, mobile, ${where}`,
        complaints.length > 0 ? `${measured} (${complaints.join('; ')})` : measured,
        Math.min(...marks),
        { atLeast: 100 }
      )
    );
  };
  try {
    for (const where of pagesOf[effort].open) await measure(where);
    const patient = await aBenchPatient(stack, sql, '+919000000009');
    await signIn(await context.newPage(), site.url, patient);
    for (const where of pagesOf[effort].personal) await measure(where);
    return findings;
  } finally {
    await context.close();
    await rm(directory, { recursive: true, force: true });
    await sql.end();
  }
}
