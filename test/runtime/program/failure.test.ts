import t from 'tap'
import { compile } from '../../../runtime/program/compile.ts'
import {
  explainDeath,
  explainFailure,
  failedProgram,
  isExecStep,
  programArguments,
} from '../../../runtime/program/failure.ts'
import { sampleConfig, sampleInput } from './sample-config.ts'

const config = sampleConfig()
const program = compile(sampleInput())
const searching = compile(
  sampleInput({ config: { ...config, process: { ...config.process!, args: ['sleep', '1'] } } }),
)

function stepOf(call: string): number {
  return program.steps.findIndex((step) => step.call === call)
}

t.test('names the call, its reason and its errno', async (t) => {
  const pc = stepOf('pivot_root')
  const error = explainFailure(program, { pc, errno: 22 })
  t.match(error, {
    code: 'START_FAILED',
    exitCode: 125,
    detail: { errno: 'EINVAL', source: 'pivot_root(2)', pc },
  })
})

t.test('says what to do', async (t) => {
  t.match(explainFailure(program, { pc: stepOf('prlimit64'), errno: 1 }).hint, /--ulimit/)
})

const codes: readonly { name: string; errno: number; exitCode: number }[] = [
  { name: 'not found', errno: 2, exitCode: 127 },
  { name: 'a part of the path is a file', errno: 20, exitCode: 127 },
  { name: 'not executable', errno: 13, exitCode: 126 },
  { name: 'unknown format', errno: 8, exitCode: 126 },
  { name: 'no memory', errno: 12, exitCode: 125 },
]
for (const { name, errno, exitCode } of codes)
  t.test(`gives docker's exit code: ${name}`, async (t) => {
    t.equal(explainFailure(program, { pc: stepOf('execve'), errno }).exitCode, exitCode)
  })

t.test('a search that found nothing', async (t) => {
  const last = searching.steps.findLastIndex((step) => step.op === 'FAIL')
  t.ok(isExecStep(searching.steps[last]))
  t.equal(failedProgram(searching, last), undefined)
  t.match(explainFailure(searching, { pc: last, errno: 2 }), {
    exitCode: 127,
    detail: { program: 'sleep' },
  })
})

t.test('a memory limit too low to start', async (t) => {
  const context = { oomKills: 1, memoryLimit: 4096 }
  t.match(
    explainFailure(program, { pc: stepOf('execve'), errno: 12 }, context).hint,
    /4096 bytes is too low/,
  )
  t.match(explainDeath(9, context).hint, /too low/)
})

t.test('reads the arguments back', async (t) => {
  t.same(programArguments(searching), ['sleep', '1'])
  t.equal(failedProgram(program, stepOf('execve')), '/bin/sh')
})

t.test('a step that does not exist', async (t) => {
  t.match(explainFailure(program, { pc: 9999, errno: 5 }), { code: 'START_FAILED', exitCode: 125 })
})
