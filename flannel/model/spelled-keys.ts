import { isObject, type JsonObject } from './config-fields.ts';

/** What Go reads of one configuration: the keys of the document, and those of its Backend. */
const LEVELS = 2;

/** Where a string ends that begins at `start`, its closing quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

/** The members of a valid JSON object as they are written, one after the other; a name that is written twice is there twice. */
function membersOf(text: string): string[] {
  const members: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    if (character === '"') at = endOfString(text, at);
    else if ('{['.includes(character) && ++depth === 1) start = at + 1;
    else if (('}]'.includes(character) && --depth === 0) || (character === ',' && depth === 1)) {
      members.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return members;
}

/** The same object, its keys in the order in which each was written for the last time. */
function inOrder(object: JsonObject, text: string, levels: number): JsonObject {
  const texts = new Map<string, string>();
  for (const member of membersOf(text)) {
    const nameStart = member.indexOf('"');
    if (nameStart === -1) continue; // of `{}`
    const nameEnd = endOfString(member, nameStart) + 1;
    const name = JSON.parse(member.slice(nameStart, nameEnd)) as string;
    texts.delete(name);
    texts.set(name, member.slice(member.indexOf(':', nameEnd) + 1));
  }
  return Object.fromEntries(Array.from(texts, ([name, own]) => [name, valueOf(object[name], own, levels - 1)]));
}

const valueOf = (value: unknown, text: string, levels: number): unknown =>
  levels > 0 && isObject(value) ? inOrder(value, text, levels) : value;

/**
 * A configuration whose last key is the one that was written last, as Go needs it: it takes the last of `Network`, `network`
 * and `Network`, and JSON.parse keeps a name where it stood first. @throws {SyntaxError}
 */
export function parseSpelledKeys(text: string): unknown {
  return valueOf(JSON.parse(text), text, LEVELS);
}
