import t from 'tap'
import { execProgram } from '../../../runtime/container/exec-program.ts'
import { compileExec } from '../../../runtime/program/compile-exec.ts'
import type { CompileExecInput } from '../../../runtime/program/compile-input.ts'
import { encodeProgram } from '../../../runtime/program/encode.ts'
import { programBytes } from '../../../runtime/program/program-template.ts'
import { sampleExec } from '../program/sample-programs.ts'

const ids = ['ab', 'cd', 'ef'].map((digits) => digits.repeat(32))

function inputOf(id: string, more: Partial<CompileExecInput> = {}): CompileExecInput {
  const { process } = sampleExec
  return {
    ...sampleExec,
    id,
    stdio: { kind: 'pipes', stdin: false },
    process: { ...process, terminal: false },
    stateDir: `/run/web/exec/${id}`,
    remove: [{ folder: '/run/web/exec', name: id }],
    monitor: {
      hold: true,
      keepStdin: false,
      stdinOnce: false,
      events: { path: '/run/events', ended: `{"execID":"${id}","exit":` },
    },
    ...more,
  }
}

t.test('a program that is filled in is the one that is compiled', async (t) => {
  const { process } = inputOf('')
  const rows: { title: string; more: Partial<CompileExecInput> }[] = [
    { title: 'plain', more: {} },
    { title: 'arguments', more: { process: { ...process, args: ['sh', '-c', 'true'] } } },
    { title: 'environment', more: { process: { ...process, env: ['PATH=/bin', 'A=b'] } } },
    { title: 'user', more: { process: { ...process, user: { uid: 7, gid: 8 } } } },
    { title: 'another container', more: { target: { pid: 77 } } },
    { title: 'input', more: { stdio: { kind: 'pipes', stdin: true } } },
    { title: 'told', more: { monitor: { ...inputOf('').monitor, hold: false, tell: true } } },
  ]
  for (const { title, more } of rows)
    for (const id of ids) {
      const input = inputOf(id, more)
      const bytes = programBytes(execProgram(input))
      t.strictSame(
        Buffer.from(bytes),
        Buffer.from(encodeProgram(compileExec(input), { reasons: false })),
        title,
      )
      // As whoever hands it over does.
      bytes.fill(0xff)
    }
})
