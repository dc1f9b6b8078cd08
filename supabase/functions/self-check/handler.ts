import { z } from 'zod';
import { clientAddress } from '../_shared/account/client-address.ts';
import { database } from '../_shared/database.ts';
import { setting, SettingError } from '../_shared/env.ts';
import { bodyOf, endpoint, json } from '../_shared/http.ts';
import { createMessageBird, type MessageBird } from '../_shared/messagebird/client.ts';
import { requireInternalRequest } from '../_shared/queue/internal-request.ts';
import { authCheck } from './auth-check.ts';
import { settingProblems } from './settings.ts';

const maxBodyBytes = 1024;

/** What to look at beside the settings: each costs requests to somebody else, so it is asked for. */
const wishes = z.object({
  messagebird: z.boolean().default(false),
  auth: z.boolean().default(false)
});

/**
 * `POST /self-check {messagebird?, auth?}`: what only the functions know of themselves, for `npm run doctor`: the time
 * here, settings that are missing or malformed, and as whose request this one counts; if asked, what MessageBird says of
 * our key, and Auth of our sign-ins. No secret is part of the answer.
 */
export const handle = endpoint({
  name: 'self-check',
  methods: ['POST'],
  async handle(request) {
    await requireInternalRequest(request);
    const wish = wishesIn(await bodyOf(request, maxBodyBytes));
    return json({
      at: new Date().toISOString(),
      settings: settingProblems(),
      client: await clientAddress(request),
      messagebird: wish.messagebird ? await messageBird()?.balance() ?? null : null,
      auth: wish.auth ? await authCheck(database()) : null
    });
  }
});

/** Undefined where its settings are among the problems. */
function messageBird(): MessageBird | undefined {
  try {
    return createMessageBird({
      apiUrl: setting('MESSAGEBIRD_API_URL'),
      accessKey: setting('MESSAGEBIRD_ACCESS_KEY')
    });
  } catch (error) {
    if (error instanceof SettingError) return undefined;
    throw error;
  }
}

/** Whatever is no wish is none. */
function wishesIn(body: Uint8Array | undefined): z.output<typeof wishes> {
  try {
    return wishes.parse(JSON.parse(new TextDecoder().decode(body)));
  } catch {
    return wishes.parse({});
  }
}
