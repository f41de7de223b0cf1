import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ApiHost } from './api-call.ts'
import { errorAnswer } from './api-error.ts'
import { answerTo, standingHeaders } from './respond.ts'
import { acceptWebSocket, asksForWebSocket } from './web-socket.ts'

/**
 * Answer a request that asks for the connection itself (`Upgrade: tcp`), as attach and exec do: what follows
 * the request's own body is meant for the program.
 */
export async function respondToUpgrade(
  host: ApiHost,
  request: IncomingMessage,
  connection: Duplex,
  head: Buffer,
): Promise<void> {
  const gone = new AbortController()
  connection.once('close', () => gone.abort())
  connection.on('error', () => undefined)
  try {
    const wantsMessages = asksForWebSocket(request)
    if (head.length > 0 && !wantsMessages) connection.unshift(head)
    const answer = await answerTo(host, request, request, gone.signal)
    if (!('takeOver' in answer)) {
      const status = 'status' in answer ? answer.status : 200
      return void connection.end(headOf(`${status} ${status < 300 ? 'OK' : 'Error'}`, {}))
    }
    if (answer.isWebSocket)
      return await answer.takeOver(await acceptWebSocket(request, connection, head))
    connection.write(
      headOf('101 UPGRADED', {
        'Content-Type': answer.type,
        Connection: 'Upgrade',
        Upgrade: 'tcp',
      }),
    )
    await answer.takeOver({ input: connection, output: connection })
  } catch (error) {
    const { status, message } = errorAnswer(error)
    const text = `${JSON.stringify({ message })}\n`
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': String(Buffer.byteLength(text)),
      Connection: 'close',
    }
    connection.end(`${headOf(`${status} Error`, headers)}${text}`)
  }
}

function headOf(status: string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ ...standingHeaders, ...headers })
  return [`HTTP/1.1 ${status}`, ...lines.map(([name, value]) => `${name}: ${value}`), '', ''].join(
    '\r\n',
  )
}
