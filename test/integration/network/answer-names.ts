import { createSocket } from 'node:dgram'
import packets from 'dns-packet'

// A name server for which every name is at 198.51.100.1.

const socket = createSocket('udp4')
socket.on('message', (bytes, client) => {
  const { id = 0, questions = [] } = packets.decode(bytes)
  const answers = questions.map(({ name }) => ({ type: 'A' as const, name, data: '198.51.100.1' }))
  const reply = packets.encode({ type: 'response', id, questions, answers })
  socket.send(reply, client.port, client.address)
})
socket.bind(53, () => console.log('ready'))
