import { lineOf, oneLine } from './message-text.ts';
import type { PayloadAlert } from './webhook-payload.ts';

/** A check is one datagram; with more than an Ethernet frame takes it would be cut into pieces that get lost. */
const MAX_BYTES = 1_432;
const MAX_NAME = 100;
const MAX_TAG = 200;
const MAX_MESSAGE = 600;

/** `|`, `,`, `:` and `#` part the fields of a datagram, a line feed the datagrams. */
const plain = (text: string, most: number): string => oneLine(text, most).replace(/[|,:#]/g, '_');

/** 0 OK, 1 warning, 2 critical. */
function statusOf({ status, labels }: PayloadAlert): 0 | 1 | 2 {
  if (status === 'resolved') return 0;
  return labels['severity'] === 'critical' ? 2 : 1;
}

/** Labels as tags; whole ones only, as many as there is room for. */
function tagsOf(labels: Readonly<Record<string, string>>, roomBytes: number): string {
  let text = '';
  for (const [name, value] of Object.entries(labels)) {
    const [key, shown] = [plain(name, MAX_TAG), plain(value, MAX_TAG)];
    if (name === 'alertname' || key === '' || shown === '') continue;
    const tag = `${text === '' ? '' : ','}${key}:${shown}`;
    if (Buffer.byteLength(text) + Buffer.byteLength(tag) > roomBytes) break;
    text += tag;
  }
  return text;
}

/**
 * An alert as a service check of DogStatsD, `_sc|weft.RULE|STATUS|d:SECONDS|h:HOST|#LABELS|m:TEXT`: the end of an alert is the OK of its
 * check. Names and labels come from containers and part no field.
 */
export function serviceCheck(alert: PayloadAlert, nowUnixMs: number): string {
  const { labels } = alert;
  const name = plain(labels['alertname'] ?? 'alert', MAX_NAME).replaceAll(' ', '_');
  const host = labels['host'];
  const head = [
    `_sc|weft.${name}|${statusOf(alert)}`,
    `d:${Math.floor(nowUnixMs / 1000)}`,
    ...(host === undefined ? [] : [`h:${plain(host, MAX_TAG)}`]),
  ].join('|');
  const message = oneLine(lineOf(alert), MAX_MESSAGE)
    .replaceAll('|', '_')
    .replaceAll('m:', String.raw`m\:`);
  const room = MAX_BYTES - Buffer.byteLength(head) - Buffer.byteLength(message) - '|#|m:'.length;
  const tags = tagsOf(labels, room);
  return `${head}${tags === '' ? '' : `|#${tags}`}${message === '' ? '' : `|m:${message}`}`;
}
