import { setting, SettingError, settingNames } from '../_shared/env.ts';

/** Every setting that cannot be used, in a sentence. The sentence never holds the value. */
export function settingProblems(): { name: string; problem: string }[] {
  return settingNames().flatMap((name) => {
    try {
      setting(name);
      return [];
    } catch (error) {
      if (error instanceof SettingError) return [{ name, problem: error.message }];
      throw error;
    }
  });
}
