import { afterAll, beforeAll, expect, test } from 'vitest';
import { rootlessRoom, type RootlessRoom } from '../support/rootless.ts';
import { httpGet } from '../support/processes.ts';
import { startStatsd, type StatsdProcess } from '../support/statsd.ts';
import { until } from '../support/until.ts';

/** Of `/api/v1/containers`. */
interface Told {
  readonly id: string;
  readonly name: string;
  readonly image?: string;
  readonly runtime: string;
  readonly state: string;
  readonly network?: string;
  readonly cgroupPath: string;
  readonly startedAtUnixMs?: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, number>>;
  readonly exit?: { readonly exitCode?: number; readonly ranForMs?: number };
}

let stack: AsyncDisposableStack;
let room: RootlessRoom;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  room = stack.use(await rootlessRoom());
}, 60_000);
afterAll(async () => {
  await stack.disposeAsync();
});

const agent = async (): Promise<StatsdProcess> => await startStatsd(['--interval', '200ms'], room.inside());

function start(name: string, command: string): string {
  const where = ['--network=none', '--label=com.docker.compose.project=shop', `--cgroup-parent=${room.cgroupParent}`];
  return room.podman('run', '--detach', `--name=${name}`, ...where, room.image, '/bin/sh', '-c', command);
}

async function told(statsd: StatsdProcess, id: string, wanted: (container: Told) => boolean): Promise<Told> {
  return await until(
    async () => {
      const { body } = await httpGet(`http://${statsd.listen}/api/v1/containers?state=all`);
      const { containers } = JSON.parse(body) as { containers: Told[] };
      return containers.find((each) => each.id === id && wanted(each));
    },
    { what: `${id} is told as wanted`, timeoutMs: 20_000 },
  );
}

test("a user's container: name and image from the home, labels from the user's socket, and its end with the exit code", async () => {
  await using _service = await room.service();
  await using statsd = await agent();
  const id = start('web', 'sleep 3600 & exec sleep 3600');
  await told(statsd, id, (each) => each.name === 'web' && each.values['pidsCurrent'] === 2);
  const found = await told(statsd, id, (each) => each.tags['compose_project'] !== undefined);
  expect(found).toMatchObject({
    runtime: 'podman',
    image: 'localhost/weft-busybox:latest',
    network: 'own',
    tags: { compose_project: 'shop' },
    cgroupPath: `${room.cgroupParent}/libpod-${id}`,
  });
  room.podman('rename', id, 'shop');
  await told(statsd, id, (each) => each.name === 'shop');
  room.podman('kill', '--signal=KILL', id);
  const end = await told(statsd, id, (each) => each.exit?.exitCode !== undefined);
  expect(end).toMatchObject({ name: 'shop', state: 'exited', exit: { exitCode: 137 } });
});

test('one that ran before the agent: since when, and its exit code', async () => {
  const beforeMs = Date.now();
  const id = start('old', 'trap "exit 7" TERM; sleep 3600 & wait');
  const afterMs = Date.now();
  await using statsd = await agent();
  const found = await told(statsd, id, (each) => each.startedAtUnixMs !== undefined);
  expect(found.startedAtUnixMs).toBeGreaterThanOrEqual(beforeMs);
  expect(found.startedAtUnixMs).toBeLessThanOrEqual(afterMs);
  room.podman('kill', '--signal=TERM', id);
  const end = await told(statsd, id, (each) => each.exit?.exitCode !== undefined);
  expect(end.exit).toMatchObject({ exitCode: 7 });
  expect(end.exit?.ranForMs).toBeGreaterThan(0);
});
