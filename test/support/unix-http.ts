import { request } from 'node:http';

/** JSON from `GET path` on a unix socket; throws with the status when that is not 200. */
export async function getJson(socketPath: string, path: string): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  request({ socketPath, path }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      if (response.statusCode === 200) resolve(JSON.parse(text));
      else reject(new RangeError(`${path}: ${response.statusCode ?? ''} ${text}`));
    });
  })
    .on('error', reject)
    .end();
  return await promise;
}
