import { createSocket } from 'node:dgram'
import { createServer } from 'node:http'

// A server that says which address it was asked from: `echo-address.ts tcp|udp PORT`.

const [protocol = 'tcp', port = '80'] = process.argv.slice(2)

if (protocol === 'udp') {
  const socket = createSocket('udp6')
  socket.on('message', (_, client) => socket.send(client.address, client.port, client.address))
  socket.bind(Number(port), '::', () => console.log('ready'))
} else {
  createServer((request, response) => {
    response.setHeader('connection', 'close')
    response.end(request.socket.remoteAddress)
  }).listen(Number(port), '::', () => console.log('ready'))
}
