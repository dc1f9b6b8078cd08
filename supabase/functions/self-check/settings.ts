import { setting, SettingError, settingNames, type SettingSource } from '../_shared/env.ts';

/** Every setting that cannot be used, in a sentence. The sentence never holds the value. */
export function settingProblems(source?: SettingSource): { name: string; problem: string }[] {
  return settingNames().flatMap((name) => {
    try {
      setting(name, source);
      return [];
    } catch (error) {
      if (error instanceof SettingError) return [{ name, problem: error.message }];
      throw error;
    }
  });
}
