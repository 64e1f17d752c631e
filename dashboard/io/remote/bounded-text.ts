/** What a response says, as far as its first bytes; `isCut` when there was more. The rest is not waited for. */
export async function textWithin(
  response: Response,
  mostBytes: number,
): Promise<{ readonly text: string; readonly isCut: boolean }> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop ends the connection.
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > mostBytes) break;
  }
  return { text: Buffer.concat(chunks).subarray(0, mostBytes).toString('utf8'), isCut: bytes > mostBytes };
}
