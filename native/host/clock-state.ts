import { loadAddon, type NativeAddon, type NativeClockState } from '../addon.ts';

export type ClockState = NativeClockState;

/** Reads how the kernel disciplines its clock; `undefined` where the addon is missing or does not load. @throws nothing. */
export function clockReader(): (() => ClockState) | undefined {
  try {
    const addon: Partial<NativeAddon> = loadAddon();
    const { clockState } = addon;
    return clockState === undefined ? undefined : () => clockState(); // built from older sources
  } catch {
    return undefined;
  }
}
