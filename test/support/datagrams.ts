import { startProcess, type TestProcess } from './processes.ts';
import { until } from './until.ts';

/** Says each datagram in a line, behind what it sees of the file at that moment. Perl, for Node.js has no such sockets. */
const RECEIVER = `
  use Socket; $| = 1;
  my ($path, $file) = @ARGV; $path =~ s/^\\x40/\\0/;
  socket(S, AF_UNIX, SOCK_DGRAM, 0) && bind(S, pack_sockaddr_un($path)) or die $!;
  print "listening\\n";
  while (defined recv(S, my $text, 4096, 0)) { print -e $file ? "file" : "no file", ": $text\\n" }
`;

export interface DatagramReceiver extends TestProcess {
  readonly lines: () => readonly string[];
}

/** Listens as systemd does for a unit of Type=notify; `path` may be an abstract name, with an @ in front. */
export async function receiveDatagrams(path: string, file: string): Promise<DatagramReceiver> {
  const child = await startProcess(['perl', '-e', RECEIVER, path, file]);
  await until(() => child.stdout().startsWith('listening\n'), { what: `somebody listens at ${path}` });
  return Object.assign(child, { lines: () => child.stdout().trim().split('\n').slice(1) });
}
