const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{([^\n]*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/y;
const NUMBER = /^(?:[+-]?Inf|NaN|[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/i;

function labelsAreWellFormed(block: string): boolean {
  LABEL.lastIndex = 0;
  const names = new Set<string>();
  while (LABEL.lastIndex < block.length) {
    const match = LABEL.exec(block);
    if (match === null || names.has(match[1] ?? '')) return false;
    names.add(match[1] ?? '');
  }
  return true;
}

function sampleFaults(line: string, family: { name: string; type: string; help: boolean }): string[] {
  const match = SAMPLE.exec(line);
  if (match === null) return [`not a sample: ${line}`];
  const [, name = '', , labels = '', value = ''] = match;
  const counts = family.type === 'counter';
  const isPart = family.type === 'summary' && [`${family.name}_sum`, `${family.name}_count`].includes(name);
  const rules: [broken: boolean, fault: string][] = [
    [name !== family.name && !isPart, `${name} stands under ${family.name}`],
    [!family.help, `${name} has no HELP`],
    [
      family.type !== 'untyped' && counts !== name.endsWith('_total'),
      `${name} is a ${family.type}: a counter's name ends in _total, no other's does`,
    ],
    [!NUMBER.test(value), `${name} has the value ${value}`],
    [labels !== '' && !labelsAreWellFormed(labels), `labels of ${name}: ${labels}`],
  ];
  return rules.flatMap(([broken, fault]) => (broken ? [fault] : []));
}

/**
 * What is wrong with a Prometheus text, by the rules of its format and of `promtool check metrics`: one block per family with
 * HELP and TYPE before the samples, counters named `_total`, no series twice, labels quoted and in snake case. [] is clean.
 */
export function checkExposition(text: string): string[] {
  const faults: string[] = [];
  const families = new Set<string>();
  const series = new Set<string>();
  let family = { name: '', type: '', help: false };
  if (text !== '' && !text.endsWith('\n')) faults.push('no newline at the end');
  for (const line of text.split('\n').slice(0, -1)) {
    const help = /^# HELP (\S+) \S/.exec(line)?.[1];
    const type = /^# TYPE (\S+) (counter|gauge|summary|untyped)$/.exec(line);
    if (help !== undefined) {
      if (families.has(help)) faults.push(`family ${help} comes twice`);
      families.add(help);
      family = { name: help, type: '', help: true };
    } else if (type !== null) {
      if (type[1] !== family.name) faults.push(`TYPE of ${String(type[1])} without its HELP`);
      family = { ...family, type: type[2] ?? '' };
    } else {
      faults.push(...sampleFaults(line, family));
      const key = line.slice(0, line.lastIndexOf(' '));
      if (series.has(key)) faults.push(`series twice: ${key}`);
      series.add(key);
      if (/[{,][a-z0-9_]*[A-Z][A-Za-z0-9_]*="/.test(key.replaceAll(/"(?:[^"\\]|\\.)*"/g, '"')))
        faults.push(`camelCase label: ${key}`);
    }
  }
  return faults;
}
