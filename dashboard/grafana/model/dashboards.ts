import type { AlertRule } from '../../model/alert/rule.ts';
import { alerts } from './boards/alerts.ts';
import { container } from './boards/container.ts';
import { host } from './boards/host.ts';
import { overlay } from './boards/overlay.ts';
import { overview } from './boards/overview.ts';
import { weft } from './boards/weft.ts';
import type { DashboardSpec } from './panel.ts';

/** All dashboards; lines in their charts stand where the levels of the rules are. */
export function dashboards(rules: readonly AlertRule[]): readonly DashboardSpec[] {
  return [overview(rules), host(rules), container(rules), overlay(), alerts(), weft()];
}
