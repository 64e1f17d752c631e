import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { identityOf, WELL_KNOWN_LABELS, type RawMetadata } from '../../../../statsd/model/identity.ts';
import { cleanText, MAX_TEXT } from '../../../../statsd/model/text.ts';

const facts = { id: 'c1', kind: 'container', labels: WELL_KNOWN_LABELS } as const;
const raw = (parts: Partial<RawMetadata>): RawMetadata => ({ annotations: {}, labels: {}, ...parts });

describe('name', () => {
  test.each([
    { name: 'nothing is known: the id', sources: [], want: 'c1' },
    { name: "docker's, without its slash", sources: [raw({ runtimeName: '/web-1' })], want: 'web-1' },
    {
      name: 'a CRI annotation before all else',
      sources: [
        raw({
          runtimeName: 'x',
          annotations: {
            'org.weft.container.name': 'w',
            'nerdctl/name': 'n',
            'io.kubernetes.container.name': 'k',
            'io.kubernetes.cri.container-name': 'cri',
          },
        }),
      ],
      want: 'cri',
    },
    {
      name: 'a docker label of the kubelet',
      sources: [raw({ runtimeName: '/k8s_app_pod', labels: { 'io.kubernetes.container.name': 'app' } })],
      want: 'app',
    },
    {
      name: "nerdctl's",
      sources: [raw({ annotations: { 'nerdctl/name': 'n', 'org.weft.container.name': 'w' } })],
      want: 'n',
    },
    {
      name: "weft's own",
      sources: [raw({ runtimeName: 'r', annotations: { 'org.weft.container.name': 'w' } })],
      want: 'w',
    },
    {
      name: 'blank text is no name',
      sources: [raw({ runtimeName: '/', annotations: { 'nerdctl/name': ' \n ' } })],
      want: 'c1',
    },
    {
      name: 'markup stays text',
      sources: [raw({ runtimeName: '<img src=x onerror=alert(1)>' })],
      want: '<img src=x onerror=alert(1)>',
    },
    {
      name: 'newlines and controls are removed',
      sources: [raw({ runtimeName: 'a\nb\u0000c\u001b[31md\u202ee' })],
      want: 'abc[31mde',
    },
  ])('$name', ({ sources, want }) => {
    expect(identityOf(sources, facts).name).toBe(want);
  });

  test('ten thousand characters are cut', () => {
    const { name } = identityOf([raw({ runtimeName: 'x'.repeat(10_000) })], facts);
    expect(name).toBe('x'.repeat(MAX_TEXT));
  });
});

describe('image, labels, start', () => {
  test.each([
    {
      name: "docker's own word",
      sources: [raw({ image: 'nginx:1', annotations: { 'io.kubernetes.cri.image-name': 'x' } })],
      want: 'nginx:1',
    },
    {
      name: 'an OCI annotation',
      sources: [
        raw({ annotations: { 'org.opencontainers.image.ref.name': 'a:1', 'io.kubernetes.cri.image-name': 'b:1' } }),
      ],
      want: 'a:1',
    },
    {
      name: 'a CRI annotation',
      sources: [raw({ annotations: { 'io.kubernetes.cri.image-name': 'b:1' } })],
      want: 'b:1',
    },
    { name: 'unknown', sources: [raw({})], want: undefined },
  ])('image: $name', ({ sources, want }) => {
    expect(identityOf(sources, facts).image).toBe(want);
  });

  test('only labels on the list are kept, CRI words translated, values bounded', () => {
    const sources = [
      raw({
        annotations: { 'io.kubernetes.cri.sandbox-name': 'pod-1', secret: 'x' },
        labels: { 'com.docker.compose.project': 'p'.repeat(999) },
      }),
    ];
    expect(identityOf(sources, facts).labels).toEqual({
      'io.kubernetes.pod.name': 'pod-1',
      'com.docker.compose.project': 'p'.repeat(MAX_TEXT),
    });
  });

  test('labels named like parts of Object are plain labels', () => {
    const labels = JSON.parse('{"__proto__": "a", "constructor": "b"}') as Record<string, string>;
    const found = identityOf([raw({ labels })], { ...facts, labels: ['constructor', 'toString', '__proto__'] });
    expect(found.labels).toEqual({ constructor: 'b' });
  });

  test('the first source that knows the start wins', () => {
    const sources = [raw({}), raw({ startedAtUnixMs: 5 }), raw({ startedAtUnixMs: 9 })];
    expect(identityOf(sources, facts).startedAtUnixMs).toBe(5);
  });
});

describe('cleanText', () => {
  test('is bounded, well-formed and free of control characters, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), fc.integer({ min: 1, max: 300 }), (text, max) => {
        const clean = cleanText(text, max);

        return clean.length <= max && clean.isWellFormed() && !/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/.test(clean);
      }),
    );
  });

  test('an emoji at the edge is not cut in half', () => {
    expect(cleanText(`${'x'.repeat(9)}😀`, 10)).toBe('x'.repeat(9));
  });
});
