import { log } from '../output.ts';

/** How the service is set up; everything but the first three has the default of a hosted project or a shorter one. */
export interface RealtimeOptions {
  /** A superuser: the service checks rights in the name of every role and reads the replication stream. */
  databaseUrl: string;
  /** Secret of the HS256 tokens. */
  jwtSecret: string;
  /** The JWT that an API key stands for; undefined for keys that nobody issued. */
  resolveApiKey(key: string): string | undefined;
  /** Told about what goes wrong without being an answer to anybody. Default: a JSON line on stderr. */
  log?: Log;
  /** Pause before a join is refused, so that clients in a loop do no harm. Hosted: 5000. */
  joinErrorDelayMs?: number;
  /** Pause before a handshake is refused. Hosted: 2000. */
  handshakeErrorDelayMs?: number;
  /** A socket that says nothing for so long is dead; clients send a heartbeat every 25 seconds. */
  heartbeatTimeoutMs?: number;
  /** The longest time between two looks at whether a channel's token has expired. */
  tokenCheckMs?: number;
  maxFrameBytes?: number;
  maxChannelsPerSocket?: number;
  maxSockets?: number;
  /** A socket that lets so many bytes pile up does not read any more and is dropped. */
  maxBufferedBytes?: number;
  /** How long the replication stream outlives the last socket. */
  replicationLingerMs?: number;
  /** How long a channel with `replication_ready` waits for the stream. */
  replicationReadyTimeoutMs?: number;
}

export type Log = (message: string, details?: Record<string, unknown>) => void;

export type Settings = Required<RealtimeOptions>;

function logToStderr(message: string, details: Record<string, unknown> = {}): void {
  log(JSON.stringify({ service: 'realtime', message, ...details }));
}

/** Fills in what `options` leaves open. */
export function settingsFrom(options: RealtimeOptions): Settings {
  return {
    log: logToStderr,
    joinErrorDelayMs: 100,
    handshakeErrorDelayMs: 100,
    heartbeatTimeoutMs: 60_000,
    tokenCheckMs: 5 * 60_000,
    maxFrameBytes: 5_000_000,
    maxChannelsPerSocket: 100,
    maxSockets: 10_000,
    maxBufferedBytes: 8_000_000,
    replicationLingerMs: 5_000,
    replicationReadyTimeoutMs: 30_000,
    ...options
  };
}
