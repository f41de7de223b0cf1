import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import packets from 'dns-packet'
import type { Packet, RecordType } from 'dns-packet'

// Ask one name server one question: `resolve-name.ts udp|tcp SERVER TYPE NAME`. Prints the data of
// the answers, or the code of the refusal.

const [transport = 'udp', server = '', type = 'A', name = ''] = process.argv.slice(2)
const question: Packet = {
  type: 'query',
  id: 4711,
  flags: packets.RECURSION_DESIRED,
  questions: [{ type: type as RecordType, name }],
}

function print(reply: Packet): void {
  const code = 'rcode' in reply ? String(reply.rcode) : 'NOERROR'
  const data = (reply.answers ?? []).map((answer) =>
    'data' in answer ? JSON.stringify(answer.data) : '',
  )
  console.log(code === 'NOERROR' ? data.join(' ').replaceAll('"', '') : code)
  process.exit()
}

if (transport === 'udp') {
  const socket = createSocket('udp4')
  socket.on('message', (bytes) => print(packets.decode(bytes)))
  socket.send(packets.encode(question), 53, server)
} else {
  const socket = connect(53, server)
  socket.on('data', (bytes: Buffer) => print(packets.streamDecode(bytes)))
  socket.write(packets.streamEncode(question))
}
setTimeout(() => {
  console.log('no answer')
  process.exit()
}, 3_000)
