import { formatCidr, parseCidr, parseIp } from '../../../native/net/ip.ts';
import { invalidConfig, isObject, type JsonObject, type NetConf } from './net-conf.ts';
import type { OverlayEnv } from './overlay-env.ts';

/** The configuration of the plugin that does the work, and the name of its program. */
export interface Delegate {
  readonly type: string;
  readonly conf: JsonObject;
}

/** A name that stays inside the folder it is looked for in. */
export function isPluginName(value: unknown): value is string {
  return typeof value === 'string' && /^[^/\0]+$/.test(value) && value !== '.' && value !== '..';
}

function pluginName(place: string, value: unknown): string {
  if (isPluginName(value)) return value;
  throw invalidConfig(`${place}: expected the name of a plugin such as bridge, got ${JSON.stringify(value)}`);
}

function isReadable(parse: (text: string) => unknown, value: unknown): boolean {
  try {
    return typeof value === 'string' && parse(value) !== undefined;
  } catch {
    return false;
  }
}

/** Given routes stay as they are, but must be routes: a delegate says of a wrong one only that it cannot be decoded. */
function givenRoutes(ipam: JsonObject): readonly JsonObject[] {
  const routes = ipam['routes'] ?? [];
  if (!Array.isArray(routes)) throw invalidConfig(`ipam.routes: expected a list, got ${JSON.stringify(routes)}`);
  return routes.map((route: unknown, index) => {
    if (!isObject(route) || !isReadable(parseCidr, route['dst'])) {
      throw invalidConfig(
        `ipam.routes.${index}: expected an object with dst such as 0.0.0.0/0, got ${JSON.stringify(route)}`,
      );
    }
    if (route['gw'] !== undefined && !isReadable(parseIp, route['gw'])) {
      throw invalidConfig(`ipam.routes.${index}.gw: expected an address, got ${JSON.stringify(route['gw'])}`);
    }
    return route;
  });
}

function ipamConf(ipam: JsonObject, env: OverlayEnv): JsonObject {
  return {
    ...ipam,
    type: Object.hasOwn(ipam, 'type') ? pluginName('ipam.type', ipam['type']) : 'host-local',
    ranges: env.subnets.map((subnet) => [{ subnet: formatCidr(subnet) }]),
    routes: [...givenRoutes(ipam), ...env.networks.map((network) => ({ dst: formatCidr(network) }))],
  };
}

/** The configuration that flannel's plugin hands on for the same input. @throws {CniError} code 7 */
export function delegateOf(netConf: NetConf, env: OverlayEnv): Delegate {
  const given = netConf.delegate ?? {};
  for (const name of ['name', 'ipam']) {
    if (Object.hasOwn(given, name)) {
      throw invalidConfig(`delegate.${name}: must not be there; it is taken from the network's own ${name}`);
    }
  }
  const type = Object.hasOwn(given, 'type') ? pluginName('delegate.type', given['type']) : 'bridge';
  const usual = {
    ipMasq: !env.ipMasq,
    mtu: env.mtuBytes,
    ...(type === 'bridge' ? { isGateway: true } : {}),
  };
  const conf = {
    ...usual,
    ...given,
    type,
    name: netConf.name,
    ...(netConf.cniVersion === undefined ? {} : { cniVersion: netConf.cniVersion }),
    ...(netConf.runtimeConfig === undefined ? {} : { runtimeConfig: netConf.runtimeConfig }),
    ipam: ipamConf(netConf.ipam ?? {}, env),
  };
  return { type, conf };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, sorted(value[name])]));
}

/** JSON with the names of each object in order, as Go writes a map: the same file as flannel's plugin stores. */
export function renderConf(conf: JsonObject): string {
  return JSON.stringify(sorted(conf));
}

/** A stored configuration; `undefined` when the text is damaged. */
export function parseStored(text: string): (Delegate & { readonly name: string }) | undefined {
  try {
    const conf: unknown = JSON.parse(text);
    if (!isObject(conf)) return undefined;
    const { name, type } = conf;
    return isPluginName(type) && typeof name === 'string' ? { name, type, conf } : undefined;
  } catch {
    return undefined;
  }
}

const isSix = (address: unknown): boolean => typeof address === 'string' && address.includes(':');

const objectsIn = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);

/**
 * The result of ADD with a gateway in each route: delegates make a route without one lead to the gateway of the address, and
 * then look in the kernel for one without a gateway.
 */
export function withGateways(prevResult: JsonObject): JsonObject {
  if (!Array.isArray(prevResult['routes'])) return prevResult;
  const gateways = objectsIn(prevResult['ips']).flatMap(({ gateway }) => (gateway === undefined ? [] : [gateway]));
  const routes = prevResult['routes'].map((route: unknown) => {
    if (!isObject(route) || (route['gw'] ?? undefined) !== undefined) return route;
    const gw = gateways.find((each) => isSix(each) === isSix(route['dst']));
    return gw === undefined ? route : { ...route, gw };
  });
  return { ...prevResult, routes };
}

/** Container ids among the attachments that the runtime still knows. @throws {CniError} code 7: an empty list must be meant */
export function validContainers(netConf: NetConf): ReadonlySet<string> {
  const attachments = netConf.validAttachments;
  if (attachments === undefined) throw invalidConfig('cni.dev/valid-attachments: GC needs the list, and there is none');
  return new Set(
    attachments.map((each, index) => {
      const id = isObject(each) ? each['containerID'] : undefined;
      if (typeof id === 'string') return id;
      throw invalidConfig(
        `cni.dev/valid-attachments.${index}: expected containerID and ifname, got ${JSON.stringify(each)}`,
      );
    }),
  );
}
