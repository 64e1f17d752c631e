import { eachMessage, FIRST_PROTOCOL_TYPE, type Message } from './message.ts';

/**
 * What a dump gave, each message decoded as it is met; netlink's own messages, and what decodes to `undefined`, are left out.
 * @throws {NetlinkError} EBADMSG.
 */
export function decodedOf<T>(data: Buffer, decode: (message: Message) => T | undefined): T[] {
  const values: T[] = [];
  for (const message of eachMessage(data)) {
    const value = message.type < FIRST_PROTOCOL_TYPE ? undefined : decode(message);
    if (value !== undefined) values.push(value);
  }
  return values;
}

/** The messages themselves, but for netlink's own. @throws {NetlinkError} EBADMSG. */
export const messagesOf = (data: Buffer): Message[] => decodedOf(data, (message) => message);
