import { OperationError } from '../../native/error.ts'
import { printError } from './print.ts'

/**
 * Ask on the terminal.
 *
 * @param isShown whether what is typed may be seen
 * @throws {OperationError} `INVALID_ARGUMENT` where there is no terminal
 */
export async function askPerson(question: string, isShown: boolean): Promise<string> {
  if (!process.stdin.isTTY)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'ask for user name and password',
      { reason: 'standard input is no terminal' },
      { hint: 'Use --username with --password-stdin' },
    )
  const { createInterface } = process.getBuiltinModule('node:readline')
  const { Writable } = process.getBuiltinModule('node:stream')
  // The line editor shows what it is given; a password goes nowhere.
  const hidden = new Writable({ write: (_piece, _encoding, done) => done() })
  const output = isShown ? process.stderr : hidden
  if (!isShown) printError(question)
  const lines = createInterface({ input: process.stdin, output, terminal: true })
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.question(isShown ? question : '', resolve)
      lines.on('SIGINT', () => reject(interrupted())).on('close', () => reject(interrupted()))
    })
  } finally {
    lines.close()
    if (!isShown) printError('\n')
  }
}

function interrupted(): OperationError {
  return new OperationError('INVALID_ARGUMENT', 'ask for user name and password', {
    reason: 'interrupted',
  })
}
