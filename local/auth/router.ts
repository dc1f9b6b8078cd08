import { getUser, logout, updateUser } from './account.ts';
import { adminCreateUser } from './admin-create.ts';
import { adminUpdateUser } from './admin-update.ts';
import { adminDeleteUser, adminGetUser } from './admin.ts';
import type { Handler } from './call.ts';
import { behindCaptcha } from './captcha.ts';
import { token } from './grants.ts';
import { health, keys, publicSettings } from './info.ts';
import { limited } from './limits.ts';
import { switchedOff } from './switched-off.ts';
import { verify } from './verify.ts';

interface Route {
  methods: string[];
  /** Parts that start with `:` match anything and are named; a last `*` matches all that follows. */
  parts: string[];
  handler: Handler;
}

function route(methods: string, path: string, handler: Handler): Route {
  return { methods: methods.split('|'), parts: path.split('/').slice(1), handler };
}

const routes: Route[] = [
  route('GET', '/health', health),
  route('GET', '/settings', publicSettings),
  route('GET', '/.well-known/jwks.json', keys),
  route('POST', '/token', limited(behindCaptcha(token))),
  route('POST', '/verify', verify),
  route('GET', '/user', getUser),
  route('PUT', '/user', updateUser),
  route('POST', '/logout', logout),
  route('POST', '/admin/users', adminCreateUser),
  route('GET', '/admin/users/:id', adminGetUser),
  route('PUT', '/admin/users/:id', adminUpdateUser),
  route('DELETE', '/admin/users/:id', adminDeleteUser),
  ...switchedOff.map(({ methods, path, handler }) => route(methods, path, handler))
];

function match(pattern: string[], path: string[]): Record<string, string> | undefined {
  const rest = pattern.at(-1) === '*';
  const fixed = rest ? pattern.slice(0, -1) : pattern;
  if (rest ? path.length < fixed.length : path.length !== fixed.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of fixed.entries()) {
    const given = path[index] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = given;
    else if (part !== given) return undefined;
  }
  return params;
}

export type Found = { handler: Handler; params: Record<string, string> };

/** The endpoint for a request; without one 404, or 405 when only the method is wrong. */
export function findRoute(method: string, pathname: string): Found | 404 | 405 {
  // Endpoints answer with and without a slash at the end.
  const path = pathname
    .replace(/(?<=.)\/$/, '')
    .split('/')
    .slice(1);
  let status: 404 | 405 = 404;
  for (const { methods, parts, handler } of routes) {
    const params = match(parts, path);
    if (!params) continue;
    if (methods.includes(method)) return { handler, params };
    status = 405;
  }
  return status;
}
