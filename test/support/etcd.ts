import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { etcdCommand, type EtcdMember } from '../../cli/demo/etcd.ts';
import { freePort } from '../../cli/demo/ports.ts';
import { httpGet, startProcess, type TestProcess } from './processes.ts';
import { until } from './until.ts';

export interface TestEtcd extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, or the first of the given addresses. */
  readonly endpoint: string;
  readonly pid: () => number;
  /** kill -9, as a crash does. */
  kill(): Promise<void>;
  /** Starts the member again on its data and waits for health. */
  start(): Promise<void>;
}

export interface TestEtcdOptions {
  /** Run inside this namespace. */
  readonly namespace?: string | undefined;
  /** Where to listen; default 127.0.0.1. */
  readonly addresses?: readonly [string, ...string[]];
}

async function launch(member: EtcdMember, namespace: string | undefined): Promise<TestProcess> {
  const child = await startProcess(etcdCommand(member), { namespace });
  await until(
    async () => {
      if (child.exit() !== undefined) return true;
      const answer = await httpGet(`${member.clientUrls[0]}/health`, { namespace });
      return answer.status === 200 && answer.body.includes('true');
    },
    { what: `etcd on ${member.clientUrls[0]} is healthy`, everyMs: 50 },
  );
  if (child.exit() !== undefined) throw new RangeError(`etcd ended: ${child.stderr().slice(-2000)}`);
  return child;
}

/** A real etcd on a free port with its data in a temporary folder; both are gone after its scope (`await using`). */
export async function startEtcd(options: TestEtcdOptions = {}): Promise<TestEtcd> {
  const folder = await mkdtemp(join(tmpdir(), 'weft-test-etcd-'));
  const addresses = options.addresses ?? ['127.0.0.1'];
  const port = await freePort();
  const member: EtcdMember = {
    dataDir: join(folder, 'data'),
    clientUrls: [`http://${addresses[0]}:${port}`, ...addresses.slice(1).map((address) => `http://${address}:${port}`)],
    peerUrl: `http://127.0.0.1:${await freePort()}`,
  };
  let child = await launch(member, options.namespace).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  return {
    endpoint: member.clientUrls[0],
    pid: () => child.pid,
    kill: async () => {
      child.signal('SIGKILL');
      await child.exited;
    },
    start: async () => {
      child = await launch(member, options.namespace);
    },
    [Symbol.asyncDispose]: async () => {
      await child[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
