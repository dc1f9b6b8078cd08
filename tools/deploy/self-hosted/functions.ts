import { functionSettings } from '../answers.ts';
import { plainText, readText, writeSecretFile, type Settings } from '../settings-file.ts';
import type { Change, Step } from '../step.ts';

/** What a function answers to an empty request, or 0 when nobody answers. */
async function statusOf(url: string, init?: RequestInit): Promise<number> {
  const response = await fetch(url, init).catch(() => undefined);
  await response?.body?.cancel();
  return response?.status ?? 0;
}

/** A file with the settings of the functions, for the service that runs them. */
export function secrets(settings: Settings, file: string): Step {
  return {
    name: 'secrets',
    hint: 'Can the file be written?',
    async examine() {
      const text = plainText(functionSettings(settings));
      if (readText(file) === text) return [];
      return [{ what: `write them to ${file}`, make: async () => writeSecretFile(file, text) }];
    }
  };
}

/**
 * Whether the functions run, with these settings. Putting them there is up to whoever runs Supabase.
 *
 * @param file the settings that they should have
 */
export function functions(
  { PUBLIC_FUNCTIONS_URL: url, FUNCTIONS_SECRET: secret }: Settings,
  file: string
): Step {
  return {
    name: 'functions',
    hint: `Does ${url} answer?`,
    async examine(): Promise<Change[]> {
      // A function that checks signatures refuses what has none.
      if ((await statusOf(`${url}/ivr`)) !== 401) {
        return [
          {
            what:
              `The functions do not answer at ${url}. Copy supabase/functions to the folder that the service ` +
              `"functions" serves (volumes/functions in Supabase's docker-compose.yml), give it "env_file: ${file}", ` +
              'and start it again.'
          }
        ];
      }
      // Sends what SMS are due, as it does every minute.
      const init = { method: 'POST', headers: { authorization: `Bearer ${secret}` } };
      if ((await statusOf(`${url}/sms-dispatch`, init)) !== 401) return [];
      return [
        {
          what: `The functions do not run with the settings in ${file}: give them to the service "functions" and start it again.`
        }
      ];
    }
  };
}
