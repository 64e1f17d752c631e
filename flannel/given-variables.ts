type Variables = Readonly<Record<string, string | undefined>>;

/** flanneld passes over a variable that is empty. The socket's is weft's own, and empty is off. */
export function givenVariables(env: Variables): Variables {
  return Object.fromEntries(
    Object.entries(env).filter(([name, text]) => text !== '' || name === 'FLANNELD_STATUS_SOCKET'),
  );
}
