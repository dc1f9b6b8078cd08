/**
 * Completes package-lock.json for platforms whose optional packages the registry in use does not carry.
 *
 * npm leaves such a package out of the lock and `npm ci` then calls the lock out of sync. Every exact-version optional
 * dependency that is missing gets an entry with the platform read from its name. Run after `npm install`.
 */
import { readFileSync, writeFileSync } from 'node:fs';

interface LockEntry {
  version?: string;
  optional?: boolean;
  dev?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

const path = 'package-lock.json';
const lock = JSON.parse(readFileSync(path, 'utf8')) as { packages: Record<string, LockEntry> };

/** The `os`, `cpu` and `libc` fields a package named like `@deno/linux-arm64-glibc` would declare. */
function platformOf(name: string): Pick<LockEntry, 'os' | 'cpu' | 'libc'> | undefined {
  const os = /darwin|linux|windows|win32|freebsd|android|openbsd|netbsd|sunos|aix/.exec(name)?.[0];
  const cpu = /arm64|x64|ia32|arm|ppc64|riscv64|s390x|loong64|mips64el/.exec(name)?.[0];
  if (!os || !cpu) return undefined;
  const libc = os === 'linux' ? { libc: [name.includes('musl') ? 'musl' : 'glibc'] } : {};
  return { os: [os === 'windows' ? 'win32' : os], cpu: [cpu], ...libc };
}

let added = 0;
for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    const platform = platformOf(name);
    if (lock.packages[key] || !/^\d/.test(version) || !platform) continue;
    lock.packages[key] = { version, ...(entry.dev ? { dev: true } : {}), optional: true, ...platform };
    added += 1;
  }
}

lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'))
);
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} platform packages added to ${path}.`);
