import { describe, expect, test } from 'vitest';
import { parseEndpoint } from '../../../../native/etcd/endpoint.ts';

describe('an endpoint', () => {
  test.each([
    {
      text: 'http://127.0.0.1:2379',
      want: { url: 'http://127.0.0.1:2379', secure: false, host: '127.0.0.1', port: 2379 },
    },
    { text: 'https://etcd.example:2379/', want: { url: 'https://etcd.example:2379', secure: true, port: 2379 } },
    { text: '127.0.0.1:4001', want: { url: 'http://127.0.0.1:4001', secure: false } },
    { text: 'HTTP://E:80', want: { url: 'http://e:80', port: 80 } },
    { text: 'https://e', want: { port: 443 } },
    { text: 'http://[fd00::1]:2379', want: { url: 'http://[fd00::1]:2379', host: 'fd00::1' } },
  ])('$text', ({ text, want }) => {
    expect(parseEndpoint(text)).toMatchObject(want);
  });

  test.each(['ftp://e:1', 'http://', 'http://e:99999', 'http://e:1/x', 'http://u:p@e:1', ''])('not "%s"', (text) => {
    expect(() => parseEndpoint(text)).toThrow(RangeError);
  });
});
