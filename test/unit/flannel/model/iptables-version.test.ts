import { expect, test } from 'vitest';
import { parseIptablesVersion } from '../../../../flannel/model/iptables-version.ts';

test.each([
  { text: 'iptables v1.8.9 (nf_tables)\n', want: { variant: 'nft', version: '1.8.9', isRecent: true } },
  { text: 'ip6tables v1.8.9 (legacy)', want: { variant: 'legacy', version: '1.8.9', isRecent: true } },
  { text: 'iptables v1.6.2', want: { variant: 'legacy', version: '1.6.2', isRecent: true } },
  { text: 'iptables v1.6.1', want: { variant: 'legacy', version: '1.6.1', isRecent: false } },
  { text: 'busybox', want: undefined },
])('$text', ({ text, want }) => {
  expect(parseIptablesVersion(text)).toEqual(want);
});
