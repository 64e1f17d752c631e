import type { Clock } from '../../native/host/clock.ts';
import { NO_WIREGUARD_KEY } from '../../native/net/wireguard-key.ts';
import { resolveFamily, type GenericFamily } from '../../native/netlink/genetlink.ts';
import type { NetlinkSocket, Outcome } from '../../native/netlink/socket.ts';
import { decodeWireguard } from '../../native/netlink/wireguard-device.ts';
import {
  encodeGetWireguard,
  encodeSetWireguard,
  WIREGUARD,
  type WireguardChange,
} from '../../native/netlink/wireguard.ts';
import type { Step } from '../model/step.ts';
import type { ActualWireguard } from '../model/plan-wireguard.ts';

/** A step on a wireguard device that is not one on its link. */
export type WireguardStep = Extract<Step, { kind: 'set-wireguard' | 'set-wireguard-peer' | 'remove-wireguard-peer' }>;

/** Whether a step goes over generic netlink. */
export function isWireguardStep(step: Step): step is WireguardStep {
  return step.kind.includes('wireguard');
}

/** A session is renewed every two minutes while anything is sent (WireGuard's REJECT_AFTER_TIME is three). */
const ALIVE_MS = 180_000;

function changeOf(step: WireguardStep): Omit<WireguardChange, 'ifindex'> {
  switch (step.kind) {
    case 'set-wireguard':
      return { privateKey: step.privateKey, listenPort: step.listenPort };
    case 'set-wireguard-peer': {
      const { publicKey, presharedKey, endpoint, keepaliveSeconds, allowedIps } = step.peer;
      const peer = {
        publicKey,
        presharedKey: presharedKey ?? NO_WIREGUARD_KEY,
        endpoint,
        persistentKeepaliveSeconds: keepaliveSeconds,
        replaceAllowedIps: true,
        allowedIps,
      };
      return { peers: [peer] };
    }
    case 'remove-wireguard-peer':
      return { peers: [{ publicKey: step.publicKey, remove: true }] };
  }
}

/** Keys and peers of wireguard devices, over generic netlink. */
export class WireguardControl {
  readonly #socket: NetlinkSocket;
  readonly #clock: Clock;
  #family: GenericFamily | undefined;

  constructor(socket: NetlinkSocket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
  }

  /** `undefined` when the device is gone. @throws {NetlinkError} ENOENT without the module. */
  async read(ifindex: number, signal: AbortSignal): Promise<ActualWireguard | undefined> {
    const family = await this.#resolve(signal);
    const device = decodeWireguard(family, await this.#socket.dump(encodeGetWireguard(family, { ifindex }), signal));
    if (device === undefined) return undefined;
    const nowMs = this.#clock.nowMs();
    return {
      privateKey: device.privateKey,
      listenPort: device.listenPort,
      peers: device.peers.map((peer) => ({
        publicKey: peer.publicKey,
        presharedKey: peer.presharedKey,
        endpoint: peer.endpoint,
        keepaliveSeconds: peer.persistentKeepaliveSeconds,
        allowedIps: peer.allowedIps,
        alive: peer.lastHandshakeMs !== undefined && nowMs - peer.lastHandshakeMs < ALIVE_MS,
      })),
    };
  }

  /** One outcome for each step. @throws {NetlinkError} ENOENT without the module; the signal's reason. */
  async apply(steps: readonly WireguardStep[], ifindex: number, signal: AbortSignal): Promise<Outcome[]> {
    const family = await this.#resolve(signal);
    const messages = steps.map((step) => encodeSetWireguard(family, { ifindex, ...changeOf(step) }));
    const outcomes = await this.#socket.transact(messages.flat(), signal);
    // A peer with very many networks takes several messages: the first refusal counts.
    let first = 0;
    return messages.map(({ length }) => {
      const own = outcomes.slice(first, (first += length));
      return own.find(({ errno }) => errno !== 0) ?? { errno: 0, kernelMessage: undefined };
    });
  }

  async #resolve(signal: AbortSignal): Promise<GenericFamily> {
    this.#family ??= await resolveFamily(this.#socket, WIREGUARD, signal);
    return this.#family;
  }
}
