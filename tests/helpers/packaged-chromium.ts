import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import process from 'node:process';

/** A browser to launch, with the environment it needs. */
export interface PackagedChromium {
  executablePath: string;
  env: Record<string, string>;
}

/**
 * The Chromium of the package @sparticuz/chromium with the libraries and the font it brings, unpacked once into
 * the temporary folder (209 MB) and used from there by every later run. Safe to call from many processes at once.
 */
export async function packagedChromium(): Promise<PackagedChromium> {
  const home = path.join(tmpdir(), `medq-chromium-${userInfo().uid}`);
  if (!existsSync(home)) await unpackInto(home);
  const env = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
  );
  const libraries = [path.join(home, 'al2023/lib'), env.LD_LIBRARY_PATH].filter(Boolean).join(':');
  return {
    executablePath: path.join(home, 'chromium'),
    env: { ...env, LD_LIBRARY_PATH: libraries, FONTCONFIG_PATH: path.join(home, 'fonts') }
  };
}

/** Unpacks beside `home` and moves the whole into place, so that nobody ever meets half of it. */
async function unpackInto(home: string): Promise<void> {
  const own = await mkdtemp(`${home}-`);
  const before = { ...process.env };
  // The package unpacks into the temporary folder. Only on what it takes for AWS Lambda, and that is read when it
  // is loaded, does it unpack the libraries as well.
  Object.assign(process.env, { TMPDIR: own, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' });
  try {
    const { default: chromium } = await import('@sparticuz/chromium');
    await chromium.executablePath();
  } finally {
    for (const name of Object.keys(process.env)) {
      if (!(name in before)) delete process.env[name];
    }
    Object.assign(process.env, before);
  }
  // Its list of fonts names folders in /tmp.
  const list = path.join(own, 'fonts/fonts.conf');
  await writeFile(list, (await readFile(list, 'utf8')).replaceAll('/tmp/', `${home}/`));
  await rename(own, home).catch(async (error: NodeJS.ErrnoException) => {
    await rm(own, { recursive: true, force: true });
    // Another process was first, which is as good.
    if (!existsSync(home)) throw error;
  });
}
