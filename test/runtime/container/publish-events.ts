// One of several commands that fill the log of events at once: started by events.test.ts.

import { join } from 'node:path'
import { publishEvent } from '../../../runtime/container/events.ts'

const [root = '', name = ''] = process.argv.slice(2)
const folders = { runDir: join(root, 'run'), dataDir: join(root, 'data'), root }
const attributes = { filling: 'x'.repeat(256 * 1024) }
for (let count = 0; count < 60; count++)
  publishEvent(folders, { type: 'container', action: name, id: String(count), attributes })
