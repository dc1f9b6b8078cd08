import type { Reporter, TestCase, TestModule } from 'vitest/node';

const SLOWEST = 10;

/** Ends a run with its slowest tests, and with one line that machines can read. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const run = tests.filter((test) => test.result().state !== 'skipped');
    const slowest = run.toSorted((a, b) => secondsOf(b) - secondsOf(a)).slice(0, SLOWEST);
    const lines = slowest.map(
      (test) =>
        `${secondsOf(test).toFixed(1).padStart(6)} s  ${test.module.relativeModuleId}: ${test.fullName}`
    );
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    // A file that cannot be loaded, or a hook that fails, is no test and fails all the same.
    const broken = modules.filter((module) => !module.ok() && !hasFailedTest(module)).length;
    console.log(`\nThe slowest tests:\n${lines.join('\n')}\n`);
    console.log(`${count('passed')} passed, ${count('failed') + broken + errors.length} failed`);
  }
}

const secondsOf = (test: TestCase) => (test.diagnostic()?.duration ?? 0) / 1000;

const hasFailedTest = (module: TestModule) =>
  [...module.children.allTests()].some((test) => test.result().state === 'failed');
