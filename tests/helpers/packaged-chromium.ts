import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import project from '../../package.json' with { type: 'json' };

/** Without them, Tamil and Hindi are blank, and nothing is seen of how wide their words are. */
const FONTS = [
  'noto-sans-tamil/400Regular/NotoSansTamil_400Regular.ttf',
  'noto-sans-tamil/700Bold/NotoSansTamil_700Bold.ttf',
  'noto-sans-devanagari/400Regular/NotoSansDevanagari_400Regular.ttf',
  'noto-sans-devanagari/700Bold/NotoSansDevanagari_700Bold.ttf'
];

/** A browser to launch, with the environment it needs. */
export interface PackagedChromium {
  executablePath: string;
  env: Record<string, string>;
}

/**
 * The Chromium of the package @sparticuz/chromium with the libraries and the font it brings, and with fonts for the other
 * scripts of the site, unpacked once into the temporary folder (210 MB) and used from there by every later run. Safe to
 * call from many processes at once.
 */
export async function packagedChromium(): Promise<PackagedChromium> {
  const version = project.devDependencies['@sparticuz/chromium'];
  // With other contents, another name: what earlier versions have unpacked is left alone.
  const home = path.join(tmpdir(), `medq-chromium-${version}-fonts-${userInfo().uid}`);
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
  const packages = createRequire(import.meta.url);
  for (const font of FONTS) {
    const file = packages.resolve(`@expo-google-fonts/${font}`);
    await copyFile(file, path.join(own, 'fonts/fonts', path.basename(file)));
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
