import t from 'tap'
import { OperationError, describeError } from '../../native/error.ts'

t.test('a message is one line, whatever a file or image put into it', async (t) => {
  const cause = new SyntaxError('Unexpected token in "junk\n  more"')
  const error = new OperationError(
    'INVALID_ARGUMENT',
    'read \u001B[2Jit\u009B',
    {},
    { cause, hint: 'Stop' },
  )
  t.equal(
    describeError(error),
    String.raw`read \x1b[2Jit\x9b: Unexpected token in "junk more". Stop`,
  )
})
