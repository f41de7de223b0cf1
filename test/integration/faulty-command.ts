// A command that hangs at one step of a start until it is killed: node faulty-command.ts OPTIONS,
// where OPTIONS is JSON. Prints the zygote's pid.
import { createContainer } from '../../runtime/container/create.ts'
import { openContext } from '../../runtime/container/open-engine.ts'
import type { ContainerOptions } from '../../runtime/container/options.ts'
import { startContainer } from '../../runtime/container/start.ts'
import { FaultyZygote, blocking } from './faulty-start.ts'

interface Wish {
  readonly root: string
  readonly step: number
  readonly options: ContainerOptions
}

const { root, step, options } = JSON.parse(process.argv[2] ?? '') as Wish
const zygote = new FaultyZygote()
const context = { ...openContext(root, process.env), zygote }
zygote.injectNext(step, blocking)
const starting = createContainer(context, options).then(async (record) =>
  startContainer(context, record, { hold: false }),
)
const timer = setInterval(() => {
  if (zygote.pid === undefined) return
  process.stdout.write(`${zygote.pid}\n`)
  clearInterval(timer)
}, 5)
void starting
