import { readFileSync } from 'node:fs'
import { readContainer } from '../oci-record.ts'
import type { OciCommand } from './oci-command.ts'

/** `state` */
export const stateCommand: OciCommand = {
  usage: 'CONTAINER',
  summary: 'Show the state of a container, as JSON',
  flags: [],
  minimumArguments: 1,
  maximumArguments: 1,
  async run({ args: [id = ''], globals, print }) {
    const { folder, status, pid } = readContainer(globals.root, id)
    const known = JSON.parse(readFileSync(folder.state, 'utf8')) as object
    print(`${JSON.stringify({ pid, status, ...known }, undefined, 2)}\n`)
    return 0
  },
}
