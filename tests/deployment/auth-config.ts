import { readFileSync } from 'node:fs';
import type { ProjectConfig } from '../../local/settings/config.ts';

type AuthSettings = ProjectConfig['auth'];

/** Everything the Management API tells of Auth; most of it is nothing here. */
const names = JSON.parse(
  readFileSync(new URL('./auth-config-names.json', import.meta.url), 'utf8')
) as string[];

/** What may not be null there. */
const never = {
  mailer_otp_exp: 3600,
  passkey_enabled: false,
  mfa_phone_otp_length: 6,
  sms_otp_length: 6,
  oauth_server_enabled: false,
  oauth_server_allow_dynamic_registration: false,
  custom_oauth_enabled: false,
  custom_oauth_max_providers: 0
};

/** The settings of Auth as the Management API calls them, kept in step with those of a stack. */
export class AuthConfig {
  #values: Record<string, unknown>;
  #apply: (settings: AuthSettings) => Promise<void>;
  #base: AuthSettings;

  constructor(apply: (settings: AuthSettings) => Promise<void>, base: AuthSettings) {
    this.#apply = apply;
    this.#base = base;
    this.#values = {
      ...Object.fromEntries(names.map((name) => [name, null])),
      ...never,
      site_url: base.site_url,
      disable_signup: !base.enable_signup,
      external_anonymous_users_enabled: base.enable_anonymous_sign_ins,
      external_email_enabled: base.email.enabled,
      mailer_autoconfirm: !base.email.enable_confirmations,
      external_phone_enabled: base.sms.enabled,
      sms_autoconfirm: !base.sms.enable_confirmations,
      sms_provider: 'twilio',
      password_min_length: base.minimum_password_length,
      jwt_exp: base.jwt_expiry,
      refresh_token_rotation_enabled: true,
      security_refresh_token_reuse_interval: 10,
      security_captcha_enabled: base.captcha.enabled,
      security_manual_linking_enabled: false,
      security_sb_forwarded_for_enabled: false,
      sessions_timebox: 0,
      sessions_inactivity_timeout: 0,
      mfa_totp_enroll_enabled: true,
      mfa_totp_verify_enabled: true
    };
  }

  /** Everything, secrets too: this is the API of a test. */
  told(): Readonly<Record<string, unknown>> {
    return this.#values;
  }

  /** As `GET /v2/projects/<ref>/config` groups it. */
  attributes(): object {
    const given = Object.entries(this.#values).filter(([, value]) => value !== null);
    return {
      auth: Object.fromEntries(given),
      api: { db_schema: 'public', max_rows: 1000, db_extra_search_path: 'public, extensions' }
    };
  }

  async change(values: Readonly<Record<string, unknown>>): Promise<void> {
    this.#values = { ...this.#values, ...values };
    const is = (name: string) => this.#values[name] === true;
    const amount = (name: string) => Number(this.#values[name] ?? 0);
    await this.#apply({
      ...this.#base,
      site_url: String(this.#values.site_url),
      enable_signup: !is('disable_signup'),
      enable_anonymous_sign_ins: is('external_anonymous_users_enabled'),
      email: { enabled: is('external_email_enabled'), enable_confirmations: !is('mailer_autoconfirm') },
      sms: { enabled: is('external_phone_enabled'), enable_confirmations: !is('sms_autoconfirm') },
      captcha: { enabled: is('security_captcha_enabled') },
      minimum_password_length: amount('password_min_length'),
      sessions: {
        timebox: amount('sessions_timebox') * 3600,
        inactivity_timeout: amount('sessions_inactivity_timeout') * 3600
      }
    });
  }
}
