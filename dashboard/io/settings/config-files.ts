import { Document, isMap, isScalar } from 'yaml';
import type { TimeInterval } from '../../model/notify/time-interval.ts';
import { writtenTime } from '../../model/notify/time-text.ts';
import type { KnownChannel } from '../notify/channels.ts';
import { redactedChannel, type ChannelSpec } from '../notify/channel-schema.ts';
import { SECRET_CHANNEL_FIELDS } from '../sealed-fields.ts';

/** What is configured, as a file that this dashboard reads. */
export interface ConfigFile {
  readonly id: 'settings' | 'rules' | 'notify';
  /** What to call it. */
  readonly name: string;
  /** The flag that reads it. */
  readonly flag: '--config' | '--rules-dir' | '--notify';
  readonly text: string;
}

/** Nothing is wrapped: a line that was broken is harder to compare. */
export const AS_IT_IS = { lineWidth: 0 } as const;

/** Rules as they were written on the page, for a file of `--rules-dir`. */
export function rulesFile(sources: readonly object[]): ConfigFile {
  const document = new Document({ rules: sources.map((source) => without(source, 'id')) });
  document.commentBefore =
    ' Rules of the page. Put this into the folder of --rules-dir: there they win over those of the page, which can then be deleted.';
  return { id: 'rules', name: 'page-rules.yaml', flag: '--rules-dir', text: document.toString(AS_IT_IS) };
}

function without(value: object, name: string): object {
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));
}

/** A channel for a file: what is secret is `null`, which the file's reader refuses until somebody writes it there. */
function channelOf(spec: ChannelSpec): object {
  const entries = Object.entries(spec).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, SECRET_CHANNEL_FIELDS.has(name) ? null : (value as unknown)]),
  );
}

/** Says beside each `null` what belongs there. */
function remark(document: Document, at: readonly (string | number)[], shown: Readonly<Record<string, unknown>>): void {
  const channel = document.getIn(at);
  if (!isMap(channel)) return;
  for (const { key, value } of channel.items) {
    if (!isScalar(key) || !isScalar(value) || value.value !== null) continue;
    const known = shown[String(key.value)];
    value.comment = typeof known === 'string' && known !== 'set' ? ` not shown: ${known}` : ' not shown';
  }
}

/** Channels and mute windows of the page, for the file of `--notify`. */
export function notifyFile(
  channels: readonly Pick<KnownChannel, 'receiver' | 'spec' | 'isLocked'>[],
  windows: readonly TimeInterval[],
): ConfigFile {
  const receiver = channels[0]?.receiver;
  const names = windows.map(({ name }) => name);
  const document = new Document({
    ...(receiver === undefined
      ? {}
      : { receivers: [{ name: receiver, channels: channels.map((each) => channelOf(each.spec)) }] }),
    ...(receiver === undefined && names.length === 0
      ? {}
      : {
          route: {
            ...(receiver === undefined ? {} : { receiver }),
            ...(names.length === 0 ? {} : { muteTimeIntervals: names }),
          },
        }),
    ...(names.length === 0
      ? {}
      : { timeIntervals: windows.map(({ name, parts }) => ({ name, timeIntervals: parts.map(writtenTime) })) }),
  });
  channels.forEach(({ spec, isLocked }, index) => {
    // What stands for a secret that nobody can read is no address of anybody.
    remark(document, ['receivers', 0, 'channels', index], isLocked ? {} : redactedChannel(spec));
  });
  document.commentBefore =
    ' Channels and mute windows of the page, for the file of --notify. Secrets are not shown: write each in the place of its null, or the\n' +
    ' file is refused. A window of the page mutes every route; in a file each route names the windows that mute it.';
  return { id: 'notify', name: 'notify.yaml', flag: '--notify', text: document.toString(AS_IT_IS) };
}
