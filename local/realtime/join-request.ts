import { z } from 'zod';

/*
 * What a client wants from a channel. As on hosted projects, parts that make no sense are read as if they were not
 * there; only a replay must be well-formed, which is checked where it is done.
 */

const flag = z.boolean().catch(false).default(false);

const config = z.object({
  private: flag,
  broadcast: z
    .object({ ack: flag, self: flag, replication_ready: flag, replay: z.unknown().optional() })
    .nullish()
    .catch(undefined),
  presence: z
    .object({ key: z.string().catch('').default(''), enabled: flag })
    .nullish()
    .catch(undefined),
  postgres_changes: z.array(z.unknown()).nullish().catch(undefined)
});

const joinPayload = z.object({
  config: config.nullish().catch(undefined),
  access_token: z.string().nullish().catch(undefined)
});

/** The payload of `phx_join`, complete. */
export interface JoinRequest {
  private: boolean;
  /** Whether sends are answered. */
  ack: boolean;
  /** Whether the sender gets its own broadcasts. */
  self: boolean;
  /** Whether to tell when broadcasts from the database begin to arrive. */
  replicationReady: boolean;
  replay: unknown;
  presenceKey: string;
  presenceEnabled: boolean;
  postgresChanges: unknown[];
  accessToken: string | undefined;
}

/** Reads the payload of `phx_join`; never fails. */
export function readJoinRequest(payload: unknown): JoinRequest {
  const { config: wanted, access_token: accessToken } = joinPayload.catch({}).parse(payload);
  return {
    private: wanted?.private ?? false,
    ack: wanted?.broadcast?.ack ?? false,
    self: wanted?.broadcast?.self ?? false,
    replicationReady: wanted?.broadcast?.replication_ready ?? false,
    replay: wanted?.broadcast?.replay ?? undefined,
    presenceKey: wanted?.presence?.key ?? '',
    presenceEnabled: wanted?.presence?.enabled ?? false,
    postgresChanges: wanted?.postgres_changes ?? [],
    accessToken: accessToken ?? undefined
  };
}
