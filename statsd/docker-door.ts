import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../native/host/clock.ts';
import { FatalError } from '../native/host/lifecycle.ts';
import type { Logger } from '../native/host/log.ts';
import type { StatsdConfig } from './config.ts';
import type { Feed } from './feed.ts';
import { DockerApi, dockerComplaint, MAX_STREAMS } from './io/docker-api.ts';
import { groupIdOf } from './io/group.ts';
import { carriesToken, openSocketDoor, openTcpDoor, type DoorParts } from './io/http-door.ts';
import type { DockerHost } from './model/docker-objects.ts';

export interface DockerDoorParts {
  readonly config: StatsdConfig;
  readonly host: DockerHost;
  readonly feed: Feed;
  /** Answers what is beside docker's paths; `false` for what is not its own. */
  readonly further: (request: IncomingMessage, response: ServerResponse) => boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Clients expect a frame a second, also where ticks are rarer. */
const REPEAT_MS = 1000;
/** Room for questions beside the streams. */
const MAX_CONNECTIONS = MAX_STREAMS + 256;

/** @throws {FatalError} when the token file cannot be read, or is empty. */
function tokenFrom(path: string): string {
  let token = '';
  try {
    token = readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new FatalError(`cannot read ${path}; choose another with --docker-token-file`, { cause });
  }
  if (token !== '' && token.length <= 512 && !/\s/.test(token)) return token;
  throw new FatalError(`${path} holds no token: expected 1 to 512 characters without spaces`);
}

/** Docker's API on a unix socket, and on TCP for those who carry the token. */
export class DockerDoor {
  readonly #parts: DockerDoorParts;
  readonly #api: DockerApi;

  constructor(parts: DockerDoorParts) {
    this.#parts = parts;
    const { host, feed, clock, log } = parts;
    this.#api = new DockerApi({
      host,
      source: {
        entry: (key) => feed.entry(key),
        cards: () => feed.cards(),
        recentEvents: () => feed.recentEvents(),
      },
      clock,
      log,
    });
  }

  get counts(): DockerApi['counts'] {
    return this.#api.counts;
  }

  /** Opens what the settings ask for; nothing when they ask for nothing. @throws {FatalError} */
  async open(): Promise<AsyncDisposable> {
    const { config, log } = this.#parts;
    await using opened = new AsyncDisposableStack();
    if (config.dockerSocket !== undefined) {
      const groupId = config.dockerSocketGroup === undefined ? undefined : groupIdOf(config.dockerSocketGroup);
      opened.use(
        await openSocketDoor(this.#door(), { path: config.dockerSocket, groupId, setting: '--docker-socket' }),
      );
      log.info({ path: config.dockerSocket }, "serving docker's stats API");
    }
    if (config.dockerListen !== undefined && config.dockerTokenFile !== undefined) {
      const token = tokenFrom(config.dockerTokenFile);
      const at = { ...config.dockerListen, setting: '--docker-listen' };
      const door = opened.use(await openTcpDoor(this.#door(token), at));
      log.info({ listen: door.listen }, "serving docker's stats API to those who carry the token");
    }
    return opened.move();
  }

  /** Feeds the streams until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { feed, clock, config } = this.#parts;
    using _events = feed.onEvent((event) => {
      this.#api.tell(event);
    });
    const beat = (): void => {
      this.#api.beat().catch((err: unknown) => {
        this.#parts.log.error({ err }, 'cannot send stats frames');
      });
    };
    using _beats = feed.onBeat(beat);
    // Where ticks are as frequent as frames there is nothing to wake up for.
    const everyMs = config.interval > REPEAT_MS ? REPEAT_MS : Infinity;
    for (;;) {
      await clock.sleep(everyMs, signal);
      if (everyMs < Infinity) beat();
    }
  }

  #door(token?: string): DoorParts {
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      if (token === undefined || carriesToken(request, token)) {
        if (!this.#parts.further(request, response)) this.#api.answer(request, response);
        return;
      }
      response.writeHead(401, { 'Content-Type': 'application/json', 'WWW-Authenticate': 'Bearer' });
      response.end(dockerComplaint('give the token in the header Authorization: Bearer TOKEN'));
    };
    return { answer, complaint: (_status, sentence) => dockerComplaint(sentence), maxConnections: MAX_CONNECTIONS };
  }
}
