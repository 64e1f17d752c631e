import { loadAddon } from '../addon.ts';

/**
 * Tells the supervisor that started this process, as sd_notify(3) does: `READY=1`. `path` is what it left in NOTIFY_SOCKET.
 * @throws {Error} with `errno` when nobody takes it.
 */
export function notifySupervisor(path: string, text: string): void {
  loadAddon().sendDatagram({ path, text });
}
