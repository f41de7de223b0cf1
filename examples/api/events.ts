// A state root of one's own, and every verb of the command line through `engine`.
import { mkdtempSync } from 'node:fs'
import { openRuntime } from 'mycontainer'

const runtime = openRuntime({ root: process.env['MYCONTAINER_ROOT'] ?? mkdtempSync('/tmp/root-') })
const start = Date.now()
const container = await runtime.run({ name: 'watched', command: ['true'], network: 'none' })
await container.wait()
for await (const { action, attributes } of runtime.engine.events({
  since: start,
  follow: false,
}))
  if (attributes['name'] === 'watched') console.log(action)
runtime.close()
