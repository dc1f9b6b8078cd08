import { signatureHeader, signRequest, wireUrl } from './sign.ts';

export interface CallStatus {
  callId: string;
  source: string | null;
  destination: string;
  createdAt: Date;
  /** Absent while the call lasts. */
  endedAt?: Date;
}

/**
 * Tells a call status webhook that a call began or ended. The shape of the body is recalled rather than documented,
 * so nothing essential may depend on it. Resolves with the answer's status, or undefined if there was none.
 */
export async function sendCallStatus(
  webhookUrl: string,
  signingKey: string,
  call: CallStatus
): Promise<number | undefined> {
  const { callId, source, destination, createdAt, endedAt } = call;
  const updatedAt = endedAt ?? createdAt;
  const payload = {
    id: callId,
    status: endedAt ? 'ended' : 'ongoing',
    ...(source !== null && { source }),
    destination,
    numberId: '5f0c1c52-0d3b-4a53-9b7e-2f3f8f2b1a90',
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
    ...(endedAt && { endedAt: endedAt.toISOString() })
  };
  const type = endedAt ? 'callUpdated' : 'callCreated';
  const body = JSON.stringify({ timestamp: updatedAt.toISOString(), items: [{ type, payload }] });
  const url = wireUrl(webhookUrl);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        [signatureHeader]: await signRequest({ url, body, signingKey })
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(10_000)
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    return undefined;
  }
}
