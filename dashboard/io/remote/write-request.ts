/** One number of one line at one time. */
export interface Sample {
  readonly metric: string;
  /** Sorted by name. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly value: number;
  readonly timeUnixMs: number;
}

const encoder = new TextEncoder();

/** Bytes of a protobuf message; grows. */
class ProtoWriter {
  #bytes = new Uint8Array(4096);
  #at = 0;

  varint(value: number): void {
    this.#need(10);
    let rest = value;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) this.#bytes[this.#at++] = (rest % 128) | 0x80;
    this.#bytes[this.#at++] = rest;
  }

  double(value: number): void {
    this.#need(8);
    new DataView(this.#bytes.buffer).setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  /** A length-delimited field. */
  field(number: number, bytes: Uint8Array): void {
    this.varint((number << 3) | 2);
    this.varint(bytes.length);
    this.#need(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#at);
    this.#at = 0;
    return taken;
  }

  #need(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + more));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** `prometheus.WriteRequest` of remote write 1.0 (prompb/remote.proto), one series for each sample. */
export function writeRequest(samples: readonly Sample[]): Uint8Array {
  const [request, series, part] = [new ProtoWriter(), new ProtoWriter(), new ProtoWriter()];
  for (const { metric, labels, value, timeUnixMs } of samples) {
    for (const [name, text] of [['__name__', metric] as const, ...labels]) {
      part.field(1, encoder.encode(name));
      part.field(2, encoder.encode(text));
      series.field(1, part.take());
    }
    part.varint((1 << 3) | 1);
    part.double(value);
    part.varint(2 << 3);
    part.varint(Math.round(timeUnixMs));
    series.field(2, part.take());
    request.field(1, series.take());
  }
  return request.take();
}
