import process from 'node:process';

/** What a process of the site tells the one that started it. */
export type SiteMessage = { port: number } | { failed: string; code?: string };

/**
 * Runs inside a process of the site: starts listening, tells the port (or why not) to the parent, and ends with the
 * parent, however that ends.
 */
export async function reportToParent(listen: () => Promise<number>): Promise<void> {
  process.once('disconnect', () => process.exit(0));
  // Ctrl-C reaches every process of the terminal; the parent decides.
  process.on('SIGINT', () => undefined);
  const tell = (message: SiteMessage) => process.send?.(message);
  try {
    tell({ port: await listen() });
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    tell({ failed: message, code });
  }
}
