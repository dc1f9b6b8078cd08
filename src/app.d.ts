import type { Locale } from '#lib/paraglide/runtime.js';
import type { Supabase } from '#lib/server/request/supabase.ts';
import type { Session } from '#lib/server/request/session.ts';

declare global {
  namespace App {
    interface Error {
      status: number;
      message: string;
      /** What to quote when asking for help; the log has the same. */
      requestId?: string;
    }
    interface Locals {
      requestId: string;
      /** In which language to answer. */
      language: Locale;
      /** This request's own client, acting for whoever is signed in. */
      supabase: Supabase;
      /** Who sent the request. Auth checks it when this is called first, so at most once a request. */
      session: () => Promise<Session>;
      /** It has ended since the guard let the request through. */
      sessionEnded?: boolean;
      /** The session has just been taken away: what the browser kept for it goes as well. */
      sessionForgotten?: boolean;
    }
  }
}

export {};
