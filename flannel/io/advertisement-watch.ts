import { watch, type FSWatcher } from 'node:fs';
import { acceptRaFile, readAcceptRa } from './links.ts';

export interface WatchedDevice {
  readonly name: string;
  readonly ifindex: number;
}

/**
 * Tells when somebody lets a device take router advertisements: of that setting the kernel sends no event, but its file is one
 * that inotify sees written. Where it cannot be watched the next resync finds it.
 */
export class AdvertisementWatch {
  readonly #onChange: () => void;
  readonly #watches = new Map<string, { readonly ifindex: number; readonly watcher: FSWatcher | undefined }>();

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Watches these devices, each until it is made anew or the signal aborts. */
  follow(devices: readonly WatchedDevice[], signal: AbortSignal): void {
    for (const { name, ifindex } of devices) {
      const known = this.#watches.get(name);
      if (known?.ifindex === ifindex) continue;
      known?.watcher?.close();
      this.#watches.set(name, { ifindex, watcher: this.#watch(name, signal) });
      // It may have been written since the pass has read it.
      if ((readAcceptRa(name) ?? 0) !== 0) this.#onChange();
    }
  }

  #watch(name: string, signal: AbortSignal): FSWatcher | undefined {
    try {
      const watcher = watch(acceptRaFile(name), { persistent: false, signal }, this.#onChange);
      watcher.on('error', () => undefined); // the device is gone, which the kernel tells
      return watcher;
    } catch {
      return undefined; // without IPv6, or without a watch left
    }
  }
}
