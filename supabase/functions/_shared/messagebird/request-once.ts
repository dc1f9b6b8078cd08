/**
 * One HTTP request that goes out once at most. `fetch` is not that: when a kept-alive connection breaks, the runtime
 * may send the same POST again on a new one, and a patient gets the same SMS twice.
 */
import { Buffer } from 'node:buffer';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface OnceRequest {
  method: 'GET' | 'POST';
  url: string;
  headers: Record<string, string>;
  body?: string;
  /** Until the whole answer must be there, in milliseconds. */
  timeout: number;
}

/**
 * Sends a request over a connection of its own and reads the answer. Redirects are not followed.
 * @throws the error of the connection, with the system's `code`; an AbortError or TimeoutError when time is up
 */
export function requestOnce(options: OnceRequest): Promise<{ status: number; body: string }> {
  const { method, url, headers, body = '', timeout } = options;
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const length = method === 'POST' ? { 'content-length': String(Buffer.byteLength(body)) } : {};
    const request = send(url, {
      method,
      headers: { ...headers, ...length },
      agent: false,
      signal: AbortSignal.timeout(timeout)
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('aborted', () => reject(new Error('The answer broke off.')));
      response.on('end', () => {
        if (!response.complete) return reject(new Error('The answer broke off.'));
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
      });
    });
    request.end(body);
  });
}
