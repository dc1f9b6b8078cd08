import type { Reporter, TestCase, TestModule } from 'vitest/node';

const SLOWEST = 10;

/** Ends a run with its slowest tests, those that passed only when run once more, and one line that machines can read. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const run = tests.filter((test) => test.result().state !== 'skipped');
    const slowest = run.toSorted((a, b) => secondsOf(b) - secondsOf(a)).slice(0, SLOWEST);
    const lines = slowest.map((test) => `${secondsOf(test).toFixed(1).padStart(6)} s  ${nameOf(test)}`);
    const again = tests
      .filter((test) => test.diagnostic()?.flaky)
      .map((test) => `  ${nameOf(test)}\n    ${test.result().errors?.[0]?.message ?? ''}`);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    // A file that cannot be loaded, or a hook that fails, is no test and fails all the same.
    const broken = modules.filter((module) => !module.ok() && !hasFailedTest(module)).length;
    console.log(`\nThe slowest tests:\n${lines.join('\n')}\n`);
    if (again.length > 0)
      console.log(`Failed first and passed then, each a fault to mend:\n${again.join('\n')}\n`);
    console.log(`${count('passed')} passed, ${count('failed') + broken + errors.length} failed`);
  }
}

const nameOf = (test: TestCase) => `${test.module.relativeModuleId}: ${test.fullName}`;

const secondsOf = (test: TestCase) => (test.diagnostic()?.duration ?? 0) / 1000;

const hasFailedTest = (module: TestModule) =>
  [...module.children.allTests()].some((test) => test.result().state === 'failed');
