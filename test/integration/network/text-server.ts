import { createSocket } from 'node:dgram'
import { createConnection } from 'node:net'

/** Perl that answers every TCP connection with its host name and the peer's address. Its argument: port. */
export const tcpServer = [
  'perl',
  '-MIO::Socket::INET',
  '-e',
  '$SIG{PIPE} = "IGNORE"; ' +
    '$s = IO::Socket::INET->new(LocalPort => $ARGV[0], Listen => 9, ReuseAddr => 1) or die; ' +
    'while (1) { $c = $s->accept or next; print $c "$ENV{HOSTNAME} ", $c->peerhost, "\\n"; close $c }',
] as const

/** Perl that sends every datagram back. Its argument: port. */
export const udpServer = [
  'perl',
  '-MIO::Socket::INET',
  '-e',
  '$s = IO::Socket::INET->new(LocalPort => $ARGV[0], Proto => "udp") or die; ' +
    '$s->send("got $b") while defined $s->recv($b, 100)',
] as const

/** Perl that prints what a server says. Its argument: HOST:PORT; exit code 1 where nobody answers. */
export const tcpClient = [
  'perl',
  '-MIO::Socket::INET',
  '-e',
  '$s = IO::Socket::INET->new(PeerAddr => $ARGV[0], Timeout => 2) or exit 1; print <$s>',
] as const

/** What the server at an address says to this process; undefined where nobody answers within `timeoutMs`. */
export async function readText(
  host: string,
  port: number,
  timeoutMs = 2000,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = ''
    const socket = createConnection({ host, port, timeout: timeoutMs })
    const give = (answer: string | undefined): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.on('data', (chunk) => (text += chunk.toString()))
    socket.on('end', () => give(text === '' ? undefined : text.trim()))
    socket.on('timeout', () => give(undefined))
    socket.on('error', () => give(undefined))
  })
}

/** The answer to one datagram, sent again until there is one; undefined after 3 s. */
export async function exchangeDatagram(host: string, port: number): Promise<string | undefined> {
  const socket = createSocket('udp4')
  try {
    return await new Promise((resolve) => {
      socket.on('message', (answer) => resolve(answer.toString()))
      const send = (): void => socket.send('x', port, host, () => undefined)
      send()
      const again = setInterval(send, 100)
      setTimeout(() => {
        clearInterval(again)
        resolve(undefined)
      }, 3000).unref()
      socket.on('message', () => clearInterval(again))
    })
  } finally {
    socket.close()
  }
}
