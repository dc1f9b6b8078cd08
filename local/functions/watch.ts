import { watch } from 'node:fs';

const settleMs = 150;

/**
 * Calls `onChange` once after the files below `directory` have changed and then been left alone for a moment (editors
 * and version control touch several at a time). What is not source, like the lock file, does not count.
 */
export function watchFunctions(directory: string, onChange: () => void): { close(): void } {
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(directory, { recursive: true, persistent: false }, (_event, name) => {
    if (name && !/(\.(ts|js|json|sql)|\.env)$/.test(name)) return;
    clearTimeout(timer);
    timer = setTimeout(onChange, settleMs);
  });
  return {
    close() {
      clearTimeout(timer);
      watcher.close();
    }
  };
}
