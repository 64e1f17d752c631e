import { until } from '../support/until.ts';
import { aContainer } from '../unit/dashboard/builders.ts';
import { dialAgent, keepSending, type TestDashboard, type TestReceiver } from './dashboard-fixture.ts';

/** Bytes that the container of a scene may use. */
export const LIMIT_BYTES = 100;

/** The container `api` of the dashboard's only host, which reports for as long as this is held. */
export interface Reporting extends Disposable {
  bytes: number;
}

export async function reportApi(dashboard: TestDashboard, bytes: number): Promise<Reporting> {
  const agent = await dialAgent(dashboard);
  agent.inventory([aContainer('api', { memoryLimitBytes: LIMIT_BYTES })]);
  const reporting: Reporting = {
    bytes,
    [Symbol.dispose]: () => {
      sending[Symbol.dispose]();
      agent[Symbol.dispose]();
    },
  };
  const sending = keepSending(agent, () => [{ memoryWorkingSetBytes: reporting.bytes }]);
  return reporting;
}

/** A rules file with a rule for each name: memory above 80 % of its limit, with these times. */
export function memoryRules(times: Readonly<Record<string, string>>): string {
  const rules = Object.entries(times).map(
    ([name, more]) => `  - { name: ${name}, metric: memoryOfLimitRatio, op: ">", threshold: 80%, ${more} }\n`,
  );
  return `rules:\n${rules.join('')}`;
}

export async function untilTold(receiver: TestReceiver, status: 'firing' | 'resolved'): Promise<void> {
  await until(() => receiver.deliveries.some(({ body }) => body.status === status), {
    what: `somebody is told: ${status}`,
    timeoutMs: 30_000,
  });
}
