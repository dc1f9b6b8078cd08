/** A request of a call to the product. */
export interface CallRequest {
  /** 1 for the first fetch of the call. */
  number: number;
  /** 2 when the first attempt failed and is made again. */
  attempt: number;
  method: 'GET' | 'POST';
  url: string;
  body?: string;
}

/** What came back, or why nothing did, as a sentence. */
export type CallAnswer =
  { status: number; contentType: string; body: string; failure?: undefined } | { failure: string };

export type EndReason = 'hangup' | 'caller_hung_up' | 'dropped' | 'transferred' | 'ran_off_end' | 'failed';

/** What happens in a call, in the order in which it happens. Times are milliseconds. */
export type CallEvent =
  | { type: 'dialled'; callId: string; source: string | null; destination: string }
  | { type: 'requested'; request: CallRequest }
  | { type: 'answered'; request: CallRequest; answer: CallAnswer }
  | {
      type: 'said';
      /** Counts the steps of the call; tells `played` which step was heard to its end. */
      turn: number;
      text: string;
      language: string;
      voice: 'male' | 'female';
      repeat: number;
      /** How long it takes to say, about. */
      lastsMs: number;
      listening: boolean;
    }
  | { type: 'played'; turn: number; media: string[]; lastsMs: number; listening: boolean }
  | { type: 'paused'; turn: number; lastsMs: number; listening: boolean }
  | { type: 'recording'; turn: number; lastsMs: number }
  | { type: 'sent_keys'; keys: string }
  /** `heard` is false for a key that nothing listened to. */
  | { type: 'pressed'; key: string; heard: boolean }
  | { type: 'entered'; variable: string | null; keys: string }
  /** Something the provider would not have run. */
  | { type: 'problem'; message: string }
  /** Something the provider would run, but whose outcome nobody has documented. */
  | { type: 'advice'; message: string }
  | { type: 'ended'; reason: EndReason; message: string };

/** A call's event, or a request with its answer as it went over the wire; duplicates have their own. */
export type LiveEvent =
  CallEvent | { type: 'delivered'; request: CallRequest; token: string; answer: CallAnswer; tookMs: number };
