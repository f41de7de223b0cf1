// A program in a container of its own: the host's shell and tools are the default image.
import { run } from 'mycontainer'

const container = await run({ command: ['echo', 'hello from a container'] })
const { exitCode, stdout } = await container.collect()
console.log(exitCode, stdout.trim())
