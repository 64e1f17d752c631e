/** The import law of the house. Each rule's comment is the sentence a developer reads when it fails. */
const AGENT = '^(flannel|statsd|dashboard)/';

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    rule(
      'no-cycles',
      'Two files import each other, directly or in a ring: move what both need into a third.',
      {},
      { circular: true },
    ),
    rule(
      'native-is-the-floor',
      'native/ is the floor and knows no agent: hand the agent-specific part in as an argument.',
      { path: '^native/' },
      { path: ['^cli/', AGENT] },
    ),
    rule(
      'agents-meet-only-at-wire',
      "Agents meet only at wire.ts: put the shared shape into the producer's wire.ts.",
      { path: AGENT },
      { path: AGENT, pathNot: ['^$1/', '/(?:status-|presence-|view-|device-)?wire\\.ts$'] },
    ),
    rule(
      'nobody-reads-the-dashboard',
      'Agents do not know the dashboard: it reads their wire.ts, not the other way round.',
      { path: '^(flannel|statsd)/' },
      { path: '^dashboard/' },
    ),
    rule(
      'model-is-pure',
      'model/ decides and nothing else: no clock, no log, no package, no I/O. Pass the value in.',
      { path: '^(flannel|statsd|dashboard)/(cni/|grafana/)?model/' },
      {
        pathNot: [
          '^$1/((cni/|grafana/)?model/|(?:status-|presence-|view-|device-|life/)?wire\\.ts$)',
          '^(flannel|statsd|dashboard)/(?:life/|presence-|view-|device-)?wire\\.ts$',
          '^native/net/',
        ],
      },
    ),
    rule(
      'wire-is-a-leaf',
      'wire.ts is a contract: it may import native/net, other wires and zod only.',
      { path: '/(?:status-|presence-|view-|device-)?wire\\.ts$', pathNot: '^test/' },
      { pathNot: ['^native/net/', '/(?:status-|presence-|view-|device-)?wire\\.ts$', 'node_modules/zod/'] },
    ),
    rule(
      'main-is-a-root',
      'Nobody imports a main.ts but the CLI: move what you need into agent.ts or config.ts.',
      { pathNot: '^(cli|test)/' },
      { path: '/main\\.ts$', pathNot: '^dashboard/web/' },
    ),
    rule(
      'nobody-reads-the-cli',
      'cli/ is the door: nothing imports it.',
      { pathNot: '^(cli|test)/' },
      { path: '^cli/' },
    ),
    rule(
      'cli-starts-agents',
      "cli/ starts agents and does no work of theirs: import an agent's main.ts or wire.ts, flannel's docker-opts.ts, native/host or native/netlink.",
      { path: '^cli/' },
      {
        path: [AGENT],
        pathNot: [
          '^(flannel|statsd|dashboard)/(main|wire|status-wire|presence-wire)\\.ts$',
          '^flannel/(docker-opts|cni/main)\\.ts$',
          '^dashboard/(grafana|restore)/main\\.ts$',
        ],
      },
    ),
    rule(
      'web-is-a-browser',
      'dashboard/web runs in a browser: it may import dashboard/wire.ts, dashboard/model and packages.',
      { path: '^dashboard/web/' },
      {
        path: ['^native/', '^(flannel|statsd)/', '^dashboard/'],
        pathNot: ['^dashboard/(web|model)/', '^dashboard/(?:view-)?wire\\.ts$'],
      },
    ),
    rule(
      'nothing-goes-left',
      'io/ and collectors/ do not know the loop that calls them.',
      { path: '^(flannel|statsd|dashboard)/(cni/|grafana/)?(io|collectors)/' },
      {
        path: '^$1/((agent|config|lease-keeper)\\.ts$|cni/main\\.ts$|restore/main\\.ts$|grafana/(config|generate|main)\\.ts$)',
      },
    ),
    rule(
      'collectors-are-independent',
      'A collector never imports another: share through statsd/model.',
      { path: '^statsd/collectors/(?!index)' },
      { path: '^statsd/collectors/' },
    ),
    rule(
      'addon-has-one-door',
      'Only native/netlink and six files of native/host open the addon: use native/netlink/socket.ts, bulk-read.ts, clock-state.ts, file-stats.ts, file-text.ts, memory-trim.ts or supervisor.ts.',
      {
        pathNot:
          '^(native/netlink/|native/host/(?:bulk-read|clock-state|file-stats|file-text|memory-trim|supervisor)|native/addon|test/)',
      },
      { path: '^native/addon\\.ts$' },
    ),
    rule(
      'shipped-code-does-not-read-tests',
      'Shipped code never imports test/.',
      { pathNot: '^test/' },
      { path: '^test/' },
    ),
    rule(
      'no-undeclared-package',
      'Declare the package in package.json before importing it.',
      {},
      { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'] },
    ),
    rule(
      'no-dev-package-in-shipped-code',
      "A dev dependency is not on the operator's host: move it to dependencies or import its types only.",
      { pathNot: '^(test/|cli/setup/|[^/]+\\.config\\.ts$|dashboard/web/|dashboard/grafana/)' },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|native/build)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
