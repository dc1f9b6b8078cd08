/* @ts-self-types="./sdk.d.ts" */
// The SDK's verifier has no type declarations; this file is where it gets them.
import sdk from 'messagebird/lib/webhook-signature-jwt.js';

export const { verify, VerifyOptions } = sdk;
