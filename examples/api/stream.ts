// Input and output as they come, with limits and no network.
import { run } from 'mycontainer'

const container = await run({
  command: ['sort'],
  stdin: true,
  memory: '64m',
  pidsLimit: 16,
  network: 'none',
})
await container.write('pear\napple\n')
container.endInput()
for await (const { stream, data } of container.output())
  console.log(stream, JSON.stringify(data.toString()))
console.log('exit code', (await container.wait()).exitCode)
