import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { copyData } from './copy-data.ts'
import type { CopyOperand } from './copy-request.ts'
import { type Copying, filePlace, made } from './copying.ts'
import { toRaw } from '../../native/raw-text.ts'

const heredocMode = 0o644
const downloadMode = 0o600
const unknownTime = { seconds: 0, nanoseconds: 0 }

type OperandOf<Kind extends CopyOperand['kind']> = Extract<CopyOperand, { kind: Kind }>

/** Write a heredoc. @throws {OperationError} `INVALID_ARGUMENT` for a name that is a path */
export function placeContent(copying: Copying, { name, content }: OperandOf<'content'>): void {
  requirePlainName(name)
  const bytes = Buffer.from(content)
  const attributes = made(copying, heredocMode, copying.request.time)
  copying.writer.file(filePlace(copying, toRaw(name)), attributes, (descriptor) => {
    for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at)
  })
}

/** Write what `ADD https://…` has brought. */
export function placeDownload(copying: Copying, operand: OperandOf<'download'>): void {
  if (operand.name === undefined && copying.isFolder)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'name a downloaded file',
      {},
      { hint: 'The address ends without a name: give a file as destination', exitCode: 1 },
    )
  const attributes = made(copying, downloadMode, operand.mtime ?? unknownTime)
  const path = filePlace(copying, toRaw(operand.name ?? ''))
  const from = openSync(operand.file, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    copying.writer.file(path, attributes, (to) => copyData(from, to))
  } finally {
    closeSync(from)
  }
}

function requirePlainName(name: string): void {
  if (!/[/\0]/.test(name) && !/^\.{0,2}$/.test(name)) return
  throw new OperationError(
    'INVALID_ARGUMENT',
    `name a file ${JSON.stringify(name)}`,
    {},
    { hint: 'The word after << is the name of the file: it has no slash', exitCode: 1 },
  )
}
