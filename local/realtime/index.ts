import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { WebSocketServer } from 'ws';
import type { Dependencies } from './channel.ts';
import { publishRow } from './database-broadcast.ts';
import { readHandshake, refuseHandshake } from './handshake.ts';
import { Hub } from './hub.ts';
import { maintainPartitions } from './partitions.ts';
import { Replication } from './replication.ts';
import { settingsFrom, type RealtimeOptions } from './settings.ts';
import { ClientSocket } from './socket.ts';
import { tokenVerifier } from './tokens.ts';

export type { RealtimeOptions } from './settings.ts';

/** Stand-in for Supabase Realtime. Paths arrive without `/realtime/v1`. */
export interface Realtime {
  /** Resolves when today's partition of realtime.messages exists; rejects if the database cannot be reached. */
  readonly ready: Promise<void>;
  /** Takes over a WebSocket handshake for `/websocket`. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Cuts all connections and lets go of the database. */
  close(): Promise<void>;
}

const maintenanceMs = 60 * 60 * 1000;

/** Starts the service; nothing listens until requests are handed to it. */
export function createRealtime(options: RealtimeOptions): Realtime {
  const settings = settingsFrom(options);
  const { databaseUrl, log } = settings;
  const sql = postgres(databaseUrl, {
    max: 4,
    fetch_types: false,
    idle_timeout: 30,
    connect_timeout: 5,
    onnotice: () => undefined,
    connection: { application_name: 'realtime' }
  });
  const hub = new Hub();
  const replication = new Replication({
    databaseUrl,
    lingerMs: settings.replicationLingerMs,
    onInsert: (row) => publishRow(hub, row),
    log
  });

  let maintaining: Promise<void> | undefined;
  function maintain(): Promise<void> {
    maintaining ??= maintainPartitions(sql).finally(() => (maintaining = undefined));
    return maintaining;
  }
  function repairPartitions(): void {
    maintain().catch((error: Error) =>
      log('The partitions of realtime.messages are not up to date.', { reason: error.message })
    );
  }

  const dependencies: Dependencies = {
    settings,
    sql,
    hub,
    verifyToken: tokenVerifier(settings.jwtSecret),
    replication,
    repairPartitions
  };
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: settings.maxFrameBytes,
    clientTracking: false
  });
  const sockets = new Set<ClientSocket>();

  const ready = maintain();
  // Whoever cares awaits it; for the others the hourly round tries again.
  ready.catch(() => undefined);
  const maintenance = setInterval(repairPartitions, maintenanceMs);
  const heartbeats = setInterval(() => {
    for (const socket of sockets) socket.dropIfDead();
  }, settings.heartbeatTimeoutMs / 4);
  maintenance.unref();
  heartbeats.unref();

  async function accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // Until ws takes over, a client that hangs up must not end the process.
    const ignore = (): void => undefined;
    socket.on('error', ignore);
    const handshake = readHandshake(request, settings, sockets.size);
    if ('status' in handshake) {
      await sleep(settings.handshakeErrorDelayMs, undefined, { ref: false });
      return refuseHandshake(socket, handshake);
    }
    server.handleUpgrade(request, socket, head, (webSocket) => {
      socket.off('error', ignore);
      const client = new ClientSocket(dependencies, webSocket, handshake);
      sockets.add(client);
      replication.want();
      webSocket.on('close', () => {
        sockets.delete(client);
        if (sockets.size === 0) replication.release();
      });
    });
  }

  return {
    ready,
    handleUpgrade(request, socket, head) {
      accept(request, socket, head).catch((error: Error) => {
        log('A handshake failed.', { reason: error.message });
        socket.destroy();
      });
    },
    async close() {
      clearInterval(maintenance);
      clearInterval(heartbeats);
      for (const socket of sockets) socket.terminate();
      await replication.close();
      await sql.end({ timeout: 1 });
    }
  };
}
