import { getCACertificates } from 'node:tls';
import { InterceptingCall, type Interceptor } from '@grpc/grpc-js';
import { Etcd3, type IOptions } from 'etcd3';
import type { EtcdEndpoint } from './endpoint.ts';
import type { EtcdTls } from './tls.ts';

export interface ConnectionOptions {
  readonly endpoint: EtcdEndpoint;
  readonly tls: EtcdTls | undefined;
  /** Puts the login on calls. */
  readonly interceptors: readonly Interceptor[];
  /** Instances of one generation share a TCP connection where they may; another one gets a connection of its own. */
  readonly generation: number;
}

/** A member without a leader answers at once instead of serving old data in silence. */
const hasLeader: Interceptor = (options, nextCall) =>
  new InterceptingCall(nextCall(options), {
    start: (metadata, listener, next) => {
      metadata.set('hasleader', 'true');
      next(metadata, listener);
    },
  });

/** etcd3's own retries and circuit breakers are replaced by nothing: fail-over is ours. */
const passThrough = { execute: async <T>(run: (context: never) => PromiseLike<T> | T): Promise<T> => run({} as never) };

const GRPC_OPTIONS = {
  'grpc.max_receive_message_length': -1,
  // Watches ask for signs of life by themselves, calls have deadlines: this only ends what neither of them uses.
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 3_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
};

function credentialsOf(tls: EtcdTls | undefined, endpoint: EtcdEndpoint): Pick<IOptions, 'credentials'> {
  if (!endpoint.secure) return {};
  const { ca, cert, key } = tls ?? {};
  const rootCertificate = ca ?? Buffer.from(getCACertificates('default').join('\n'));
  return {
    credentials: { rootCertificate, ...(cert && key ? { certChain: cert, privateKey: key } : {}) },
  };
}

/**
 * etcd3 for one endpoint, stripped of what it does by itself; connects at the first call. gRPC keeps a connection attempt to a
 * host that is cut off until TCP gives up, minutes later, and lends it to every channel with the same options: hence the
 * generation.
 */
export function connectTo({ endpoint, tls, interceptors, generation }: ConnectionOptions): Etcd3 {
  return new Etcd3({
    hosts: endpoint.url,
    grpcOptions: { ...GRPC_OPTIONS, interceptors: [hasLeader, ...interceptors], 'weft.generation': generation },
    faultHandling: { host: () => passThrough as never, global: passThrough as never },
    ...credentialsOf(tls, endpoint),
  });
}
