/** Makes the checks. */
import { type Check, fails, type Finding, reasonOf, skipped } from './check.ts';
import { checks } from './checks.ts';
import { Examined } from './examined.ts';
import { foundations } from './foundations.ts';
import type { Subject } from './subject.ts';

export interface Result {
  name: string;
  finding: Finding;
}

async function make({ name, run }: Check, examined: Examined): Promise<Result> {
  try {
    return { name, finding: await run(examined) };
  } catch (error) {
    const finding = fails(
      `This could not be looked at: ${reasonOf(error)}`,
      'A part that had to be asked did not answer as it should.',
      'Mend what else is named here, then run this again.'
    );
    return { name, finding };
  }
}

/** All checks, in the order in which they are told; those without their foundations are not made. */
export async function examine(subject: Subject): Promise<Result[]> {
  const examined = await Examined.open(subject);
  try {
    const first = await Promise.all(foundations.map((check) => make(check, examined)));
    const missing = first.flatMap(({ name, finding }) => (finding.state === 'holds' ? [] : [name]));
    const others = await Promise.all(
      checks.map((check): Result | Promise<Result> => {
        const lacks = check.needs?.filter((need) => missing.includes(need)) ?? [];
        if (lacks.length === 0) return make(check, examined);
        return { name: check.name, finding: skipped(`that needs: ${lacks.join(', ')}`) };
      })
    );
    return [...first, ...others];
  } finally {
    await examined.close();
  }
}
