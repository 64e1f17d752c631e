import { expect, test } from 'vitest';
import { takeFirewallPlace } from '../../../flannel/io/firewall-place.ts';

test('agents beside each other get different places, and a place that was left is taken again', async () => {
  await using second = await (async () => {
    await using first = await takeFirewallPlace();
    const other = await takeFirewallPlace();
    expect(other?.place).not.toBe(first?.place);
    return other;
  })();
  await using third = await takeFirewallPlace();
  expect(third?.place).toBeLessThan(second?.place ?? 0);
});
