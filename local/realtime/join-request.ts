import { z } from 'zod';

/* What a client wants from a channel. As on hosted projects, parts that make no sense are read as if they were not there. */

const flag = z.boolean().catch(false).default(false);

const config = z.object({
  private: flag,
  broadcast: z.object({ replication_ready: flag }).nullish().catch(undefined),
  postgres_changes: z.array(z.unknown()).nullish().catch(undefined)
});

const joinPayload = z.object({
  config: config.nullish().catch(undefined),
  access_token: z.string().nullish().catch(undefined)
});

/** The payload of `phx_join`, complete. */
export interface JoinRequest {
  private: boolean;
  /** Whether to tell when broadcasts from the database begin to arrive. */
  replicationReady: boolean;
  postgresChanges: unknown[];
  accessToken: string | undefined;
}

/** Reads the payload of `phx_join`; never fails. */
export function readJoinRequest(payload: unknown): JoinRequest {
  const { config: wanted, access_token: accessToken } = joinPayload.catch({}).parse(payload);
  return {
    private: wanted?.private ?? false,
    replicationReady: wanted?.broadcast?.replication_ready ?? false,
    postgresChanges: wanted?.postgres_changes ?? [],
    accessToken: accessToken ?? undefined
  };
}
