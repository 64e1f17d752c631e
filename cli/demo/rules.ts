/**
 * The demo's alert rules: the CPU wave and the memory wave cross their thresholds within a minute and come down again. The
 * same file format as any `weft dashboard --rules`.
 */
export const RULES_YAML = `rules:
  - name: ContainerCpuHigh
    metric: cpuOfLimitRatio
    op: '>'
    threshold: 80%
    for: 5s
    severity: warning
    match: { container: cpu-wave }
    annotations:
      summary: '{{ $value | humanizePercentage }} of its CPU limit'
  - name: ContainerMemoryHigh
    metric: memoryOfLimitRatio
    op: '>'
    threshold: 70%
    for: 3s
    severity: warning
    annotations:
      summary: '{{ $value | humanizePercentage }} of its memory limit'
`;
