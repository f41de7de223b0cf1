// More programs in a running container; it is removed at the end of the block.
import { run } from 'mycontainer'

{
  await using container = await run({ command: ['sleep', 'infinity'], env: { NAME: 'value' } })
  const { stdout, exitCode } = await container.exec(['sh', '-c', 'echo $NAME; exit 3'])
  console.log(exitCode, stdout.trim())
  const counting = await container.start(['seq', '3'])
  for await (const { data } of counting.output()) process.stdout.write(data)
  await counting.wait()
  console.log(container.state().status)
}
