import parsePhoneNumber from 'libphonenumber-js';
import type { Message, Recipient } from './messages.ts';
import { measure } from './text-length.ts';

/** A message in the shape in which MessageBird's REST API answers with it. */
export function messageAnswer(message: Message, apiUrl: string) {
  const count = (...statuses: Recipient['status'][]) =>
    message.recipients.filter(({ status }) => statuses.includes(status)).length;
  return {
    id: message.id,
    href: `${apiUrl}/messages/${message.id}`,
    direction: 'mt',
    type: message.mclass === 0 ? 'flash' : 'sms',
    originator: message.originator,
    body: message.body,
    reference: message.reference,
    ...(message.reportUrl !== null && { reportUrl: message.reportUrl }),
    validity: message.validity,
    gateway: 10,
    typeDetails: {},
    datacoding: message.datacoding,
    mclass: message.mclass,
    scheduledDatetime: null,
    createdDatetime: withOffset(message.at),
    recipients: {
      totalCount: message.recipients.length,
      totalSentCount: message.recipients.length - count('scheduled'),
      totalDeliveredCount: count('delivered'),
      totalDeliveryFailedCount: count('delivery_failed', 'expired'),
      items: message.recipients.map((recipient) => recipientAnswer(recipient, message))
    }
  };
}

function recipientAnswer(recipient: Recipient, message: Message) {
  const number = parsePhoneNumber(`+${recipient.number}`);
  return {
    // A JSON number here, a string in status reports.
    recipient: Number(recipient.number),
    originator: null,
    status: recipient.status,
    statusDatetime: withOffset(recipient.statusAt),
    statusReason: recipient.statusReason,
    statusErrorCode: recipient.statusErrorCode,
    recipientCountry: number?.country ?? null,
    recipientCountryPrefix: number ? Number(number.countryCallingCode) : null,
    recipientOperator: null,
    messageLength: measure(message.body, message.datacoding).units,
    messagePartCount: message.parts,
    mccmnc: null,
    mcc: null,
    mnc: null,
    price: { amount: null, currency: null }
  };
}

/** `2026-05-03T08:58:10+00:00`, the form of times in the REST API and in status reports. */
export function withOffset(iso: string): string {
  return new Date(iso).toISOString().replace(/\.\d+Z$/, '+00:00');
}
