import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { systemClock, systemRandom } from '../../../native/host/clock.ts';
import { RemoteWriter } from '../remote/remote-writer.ts';
import { HistoryKeeper } from './history-keeper.ts';
import type { FileState, FromThread, ThreadSettings, ToThread } from './messages.ts';

/** Buffers of an answer that need not be copied. */
function movable(value: unknown): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) return value.buffer instanceof ArrayBuffer ? [value.buffer] : [];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(movable) : [];
}

function serve(port: MessagePort, settings: ThreadSettings): void {
  const send = (message: FromThread): void => {
    port.postMessage(message, [...new Set(message.kind === 'answer' ? movable(message.answer) : [])]);
  };
  const keeper = new HistoryKeeper(settings, (state: FileState) => {
    send({ kind: 'state', state });
  });
  const remote =
    settings.remoteWrite &&
    new RemoteWriter(settings.remoteWrite, { clock: systemClock, random: systemRandom }, (state) => {
      send({ kind: 'remote', state });
    });
  const answer = (message: Extract<ToThread, { kind: 'ask' }>): void => {
    const { id } = message;
    switch (message.question) {
      case 'read':
        send({ kind: 'answer', id, answer: keeper.read(message.request) });
        return;
      case 'marks':
        send({ kind: 'answer', id, answer: keeper.marks(message.request) });
        return;
      case 'marksBelow':
        send({ kind: 'answer', id, answer: keeper.marksBelow(message.request) });
        return;
      case 'lively':
        send({ kind: 'answer', id, answer: keeper.lively(message.request.sinceUnixMs) });
        return;
      case 'blocks':
        send({ kind: 'answer', id, answer: keeper.blocks(message.request.fromUnixMs, message.request.limit) });
        return;
      case 'close':
        keeper[Symbol.dispose]();
        remote?.stop();
        send({ kind: 'answer', id, answer: undefined });
        port.close();
    }
  };
  port.on('message', (message: ToThread) => {
    if (message.kind === 'append') {
      keeper.append(message.append);
      remote?.append(message.append.blocks, keeper.facts);
      send({ kind: 'appended' });
      return;
    }
    try {
      answer(message);
    } catch (error) {
      send({ kind: 'failed', id: message.id, reason: error instanceof Error ? error.message : String(error) });
    }
  });
}

// The thread of the history file: SQLite blocks, and the loop that serves browsers must not wait for a disk.
if (parentPort !== null) serve(parentPort, workerData as ThreadSettings);
