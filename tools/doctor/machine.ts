/** Node, and whose clock is wrong. */
import process from 'node:process';
import { type Check, fails, holds, type Problem, unless } from './check.ts';

/** The oldest Node that serves the site: supabase-js wants its WebSocket. */
const oldestNode = 22;

export function nodeFinding(version: string) {
  if (Number.parseInt(version, 10) >= oldestNode) return holds(`Node ${version}`);
  return fails(
    `This is Node ${version}: every page of the site would answer 500.`,
    `The site needs Node ${oldestNode} or newer.`,
    'Run the site with `npx node build`: `npm ci` brings the Node that it is tested with.'
  );
}

const node: Check = { name: 'Node', run: () => Promise.resolve(nodeFinding(process.versions.node)) };

/** MessageBird's signatures bear so much. */
const mostSeconds = 5;

/** What a clock showed, and when here the question left and the answer came (all in milliseconds). */
export interface Reading {
  whose: string;
  shows: number;
  asked: number;
  answered: number;
}

/** By how many seconds a clock is at least before (positive) or behind ours, whatever the way took. */
function secondsOff({ shows, asked, answered }: Reading): number {
  if (shows > answered) return (shows - answered) / 1000;
  return shows < asked ? (shows - asked) / 1000 : 0;
}

export function clockProblems(readings: Reading[]): Problem[] {
  const wrong = readings.filter((reading) => Math.abs(secondsOff(reading)) > mostSeconds);
  const describe = (reading: Reading) => {
    const seconds = Math.round(secondsOff(reading));
    return `${Math.abs(seconds)} seconds ${seconds > 0 ? 'before' : 'behind'}`;
  };
  const mend = 'Have it set by NTP.';
  const offs = wrong.map(secondsOff);
  const agree = Math.max(...offs) - Math.min(...offs) <= mostSeconds;
  if (wrong.length > 1 && wrong.length === readings.length && agree) {
    return [
      {
        sentence: `The clock of this machine is wrong: all others are ${describe(wrong[0] as Reading)} it.`,
        cause: 'It is not set by the network.',
        mend
      }
    ];
  }
  return wrong.map((reading) => ({
    sentence: `The clock of ${reading.whose} is ${describe(reading)} this machine's.`,
    cause: 'It is not set by the network: calls are refused, and tokens end too early or too late.',
    mend
  }));
}

async function readClock(whose: string, ask: () => Promise<Date>): Promise<Reading> {
  const asked = Date.now();
  const shows = (await ask()).getTime();
  return { whose, shows, asked, answered: Date.now() };
}

const clocks: Check = {
  name: 'Clocks',
  needs: ['Database', "Functions' secret"],
  async run(examined) {
    const { sql } = examined;
    const problems = clockProblems([
      await readClock('the database', async () => {
        const [{ at }] = await sql<[{ at: Date }]>`select clock_timestamp() as at`;
        return at;
      }),
      await readClock('the functions', async () => (await examined.selfCheck()).at)
    ]);
    const [{ zone }] = await sql<[{ zone: string }]>`select current_setting('TimeZone') as zone`;
    if (!['UTC', 'Etc/UTC', 'GMT'].includes(zone)) {
      problems.push({
        sentence: `The database is set to the time zone ${zone}.`,
        cause:
          'It was changed by hand. Realtime files its messages by days of UTC; clinics have time zones of their own.',
        mend: "In the SQL editor: alter database postgres set timezone = 'UTC'; alter role postgres reset timezone;"
      });
    }
    return unless(problems, 'those of the database, the functions and this machine agree');
  }
};

export const machineChecks = [node, clocks];
